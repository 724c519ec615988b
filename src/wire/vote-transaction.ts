import { toBase58 } from '../util/base58.ts';
import { toHex } from '../util/bytes.ts';
import type { Integer64, Sign, TransactionData } from './decoded.ts';
import { encodeTransactionMessage } from './encode-value.ts';
import { VOTE_PROGRAM } from './skim-vote.ts';
import { Writer } from './writer.ts';

/** A vote as validators cast it today. */
export interface TowerSyncVote {
  /** Pays the fee; its key signs the transaction. */
  identity: string;
  voteAccount: string;
  /** Rising slots, the last one voted for, each with its confirmations. */
  lockouts: { slot: Integer64; confirmations: number }[];
  root: Integer64 | null;
  /** Hash of the bank of the last slot. */
  hash: string;
  /** Unix seconds. */
  timestamp: Integer64 | null;
  blockId: string;
  recentBlockhash: string;
}

const TOWER_SYNC = 14;

/**
 * Builds the transaction of a vote by a validator that votes with its identity.
 *
 * @source agave programs/vote/src/vote_transaction.rs; vote-interface/src/state, CompactTowerSync
 */
export function buildTowerSync(sign: Sign, vote: TowerSyncVote): TransactionData {
  const unsigned = {
    header: { requiredSignatures: 1, readonlySigned: 0, readonlyUnsigned: 1 },
    keys: [vote.identity, vote.voteAccount, toBase58(VOTE_PROGRAM)],
    recentBlockhash: vote.recentBlockhash,
    instructions: [{ program: 2, accounts: [1, 0], data: toHex(towerSyncData(vote)) }],
  };
  const signature = toBase58(sign(encodeTransactionMessage(unsigned)));
  return { signatures: [signature], ...unsigned };
}

function towerSyncData(vote: TowerSyncVote): Uint8Array {
  const writer = new Writer();
  writer.u32(TOWER_SYNC);
  writer.u64(vote.root ?? 0xffff_ffff_ffff_ffffn);
  writer.varint(vote.lockouts.length);
  let last = BigInt(vote.root ?? 0);
  for (const { slot, confirmations } of vote.lockouts) {
    writer.varint(BigInt(slot) - last);
    writer.u8(confirmations);
    last = BigInt(slot);
  }
  writer.key(vote.hash);
  writer.option(vote.timestamp, (seconds) => writer.i64(seconds));
  writer.key(vote.blockId);
  return writer.finish();
}
