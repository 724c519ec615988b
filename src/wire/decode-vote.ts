import { assert } from '../util/assert.ts';
import { fromHex } from '../util/bytes.ts';
import type { Lockout, ParsedVote, TransactionData, VoteInstructionName } from './decoded.ts';
import { Reader } from './reader.ts';

/** In which form an instruction gives its slots. */
type Body = 'slots' | 'lockouts' | 'compact' | 'tower';

/** Vote instructions that carry a vote, by tag. @source solana-sdk vote-interface/src/instruction.rs */
const INSTRUCTIONS: Readonly<Record<number, readonly [VoteInstructionName, Body, boolean]>> = {
  2: ['Vote', 'slots', false],
  6: ['VoteSwitch', 'slots', true],
  8: ['UpdateVoteState', 'lockouts', false],
  9: ['UpdateVoteStateSwitch', 'lockouts', true],
  12: ['CompactUpdateVoteState', 'compact', false],
  13: ['CompactUpdateVoteStateSwitch', 'compact', true],
  14: ['TowerSync', 'tower', false],
  15: ['TowerSyncSwitch', 'tower', true],
};

/** How a compact vote says that nothing is rooted. */
const NO_ROOT = 0xffff_ffff_ffff_ffffn;

/** Reads a legacy transaction. @source solana-sdk message/src/legacy.rs */
export function readTransaction(reader: Reader): TransactionData {
  return {
    signatures: reader.list(reader.varint16(), () => reader.signature()),
    header: {
      requiredSignatures: reader.u8(),
      readonlySigned: reader.u8(),
      readonlyUnsigned: reader.u8(),
    },
    keys: reader.list(reader.varint16(), () => reader.key()),
    recentBlockhash: reader.key(),
    instructions: reader.list(reader.varint16(), () => ({
      program: reader.u8(),
      accounts: reader.list(reader.varint16(), () => reader.u8()),
      data: reader.hex(reader.varint16()),
    })),
  };
}

/**
 * Reads the vote out of a transaction: out of its first instruction, the others are nobody's concern.
 *
 * @source agave vote/src/vote_parser.rs, parse_vote_transaction
 */
export function parseVote(transaction: TransactionData): ParsedVote {
  const first = transaction.instructions[0];
  assert(first !== undefined, 'an accepted vote has an instruction');
  const reader = new Reader(fromHex(first.data)!, 0);
  const known = INSTRUCTIONS[reader.u32()];
  assert(known !== undefined, 'an accepted vote has a known instruction');
  const [instruction, body, withProof] = known;
  const voteAccount = transaction.keys[first.accounts[0]!]!;
  return { instruction, voteAccount, ...readBody(reader, body, withProof) };
}

function readBody(
  reader: Reader,
  body: Body,
  withProof: boolean,
): Omit<ParsedVote, 'instruction' | 'voteAccount'> {
  let root: string | null = null;
  let slots: string[];
  let lockouts: Lockout[] | null = null;
  if (body === 'slots') {
    slots = reader.list(reader.count(), () => String(reader.u64()));
  } else {
    if (body === 'lockouts') {
      lockouts = reader.list(reader.count(), () => ({
        slot: String(reader.u64()),
        confirmations: reader.u32(),
      }));
      root = reader.option(() => String(reader.u64()));
    } else {
      const said = reader.u64();
      root = said === NO_ROOT ? null : String(said);
      lockouts = readCompactLockouts(reader, said === NO_ROOT ? 0n : said);
    }
    slots = lockouts.map((lockout) => lockout.slot);
  }
  return {
    slots,
    lockouts,
    root,
    hash: reader.key(),
    timestamp: reader.option(() => String(BigInt.asIntN(64, reader.u64()))),
    blockId: body === 'tower' ? reader.key() : null,
    switchProof: withProof ? reader.key() : null,
  };
}

/** Every slot is given as the distance from the one before it, the first from the root. */
function readCompactLockouts(reader: Reader, root: bigint): Lockout[] {
  let slot = root;
  return reader.list(reader.varint16(), () => {
    slot += reader.varint();
    return { slot: String(slot), confirmations: reader.u8() };
  });
}
