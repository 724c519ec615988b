/**
 * `getVoteAccounts` out of what gossip tells: the latest vote of each identity, and its configured stake.
 * One vote account for each identity, as stakes are known by identity.
 *
 * @source agave rpc/src/rpc.rs, get_vote_accounts
 */
import { Copied, RowCopy, type TableView } from '../../crds/view.ts';
import { fromBase58 } from '../../util/base58.ts';
import { decodeValue } from '../../wire/decode.ts';
import { Kind } from '../../wire/limits.ts';
import { lastVotedSlot } from '../../wire/vote-slot.ts';
import type { ObservedNode, TableMirror } from '../mirror.ts';
import { configOf, RpcCode, RpcError } from './json-rpc.ts';

/** Slots behind the cluster from which on a validator counts as delinquent. @source agave rpc-client-types/src/request.rs */
const DELINQUENT_DISTANCE = 128;

/** A validator's latest vote. */
interface LatestVote {
  readonly row: number;
  readonly version: number;
  readonly votePubkey: string;
  readonly lastVote: number;
  readonly rootSlot: number;
}

/** A vote account, its fields in the order of validators' JSON. */
export interface VoteAccount {
  activatedStake: number;
  /** Not in gossip: always 0. */
  commission: number;
  /** Not in gossip: always empty. */
  epochCredits: [number, number, number][];
  epochVoteAccount: boolean;
  lastVote: number;
  nodePubkey: string;
  rootSlot: number;
  votePubkey: string;
}

/** @owner the observer's thread */
export class VoteAccounts {
  readonly #view: TableView;
  readonly #mirror: TableMirror;
  readonly #copy = new RowCopy();
  readonly #latest = new Map<string, LatestVote>();
  /** Slot of the vote in a row, and the version of the row that it was read from; made at first use. */
  #slots: Float64Array | undefined;
  #versions: Int32Array | undefined;

  constructor(view: TableView, mirror: TableMirror) {
    this.#view = view;
    this.#mirror = mirror;
  }

  /** Answers the method. @throws RpcError INVALID_PARAMS */
  json(params: unknown): string {
    const config = configOf(params);
    const { votePubkey, delinquentSlotDistance } = config;
    if (votePubkey !== undefined && votePubkey !== null) {
      if (typeof votePubkey !== 'string' || !fromBase58(votePubkey)) {
        throw new RpcError(RpcCode.INVALID_PARAMS, 'Invalid param: Invalid votePubkey');
      }
    }
    const distance = delinquentSlotDistance ?? DELINQUENT_DISTANCE;
    if (typeof distance !== 'number' || !Number.isInteger(distance) || distance < 0) {
      throw new RpcError(RpcCode.INVALID_PARAMS, 'Invalid param: delinquentSlotDistance');
    }
    const all = this.#collect();
    const slot = clusterSlot(all);
    const wanted = all.filter((one) => (votePubkey ?? one.votePubkey) === one.votePubkey);
    const isCurrent = ({ lastVote }: VoteAccount): boolean =>
      slot >= distance ? lastVote > slot - distance : lastVote > 0;
    const current = wanted.filter(isCurrent);
    const delinquent = wanted.filter((one) => !isCurrent(one));
    return JSON.stringify({ current, delinquent });
  }

  #collect(): VoteAccount[] {
    const { nodes } = this.#mirror;
    for (const pubkey of this.#latest.keys()) if (!nodes.has(pubkey)) this.#latest.delete(pubkey);
    const accounts: VoteAccount[] = [];
    for (const node of nodes.values()) {
      const stake = this.#stakeOf(node);
      if (stake === 0) continue; // anybody could vote for anything
      const vote = this.#latestVote(node);
      if (!vote) continue;
      accounts.push({
        activatedStake: stake,
        commission: 0,
        epochCredits: [],
        epochVoteAccount: true,
        lastVote: vote.lastVote,
        nodePubkey: node.pubkey,
        rootSlot: vote.rootSlot,
        votePubkey: vote.votePubkey,
      });
    }
    return accounts;
  }

  #stakeOf({ key }: ObservedNode): number {
    const peer = this.#view.peers.find(key, 0);
    return peer < 0 ? 0 : this.#view.peers.columns.stake[peer]!;
  }

  #latestVote(node: ObservedNode): LatestVote | undefined {
    let best = -1;
    let slot = -1;
    for (const [label, row] of node.rows) {
      if (label >>> 16 !== Kind.VOTE) continue;
      const one = this.#slotOf(row);
      if (one <= slot) continue;
      slot = one;
      best = row;
    }
    if (best < 0) return undefined;
    const known = this.#latest.get(node.pubkey);
    if (known?.row === best && known.version === this.#versions![best]) return known;
    const copy = this.#copy;
    if (this.#view.copyRow(best, copy) !== Copied.OK || copy.kind !== Kind.VOTE) return known;
    const { value } = decodeValue(copy.bytes, 0, copy.length);
    if (value?.kind !== 'Vote' || value.from !== node.pubkey) return known;
    const vote = {
      row: best,
      version: copy.version,
      votePubkey: value.vote.voteAccount,
      lastVote: slot,
      rootSlot: Number(value.vote.root ?? 0),
    };
    this.#latest.set(node.pubkey, vote);
    return vote;
  }

  #slotOf(row: number): number {
    const rows = this.#view.columns.length.length;
    this.#slots ??= new Float64Array(rows);
    this.#versions ??= new Int32Array(rows);
    const version = Atomics.load(this.#view.columns.version, row);
    if (this.#versions[row] === version) return this.#slots[row]!;
    const copy = this.#copy;
    if (this.#view.copyRow(row, copy) !== Copied.OK || copy.kind !== Kind.VOTE) return -1;
    this.#versions[row] = copy.version;
    this.#slots[row] = lastVotedSlot(copy.bytes, 0, copy.length);
    return this.#slots[row]!;
  }
}

/**
 * Where the cluster is: the highest slot that more than a third of the stake has reached by its votes.
 * A single validator can claim any slot.
 */
export function clusterSlot(
  accounts: readonly Pick<VoteAccount, 'activatedStake' | 'lastVote'>[],
): number {
  const total = accounts.reduce((sum, { activatedStake }) => sum + activatedStake, 0);
  const sorted = [...accounts].sort((a, b) => b.lastVote - a.lastVote);
  let stake = 0;
  for (const { activatedStake, lastVote } of sorted) {
    stake += activatedStake;
    if (stake > total / 3) return lastVote;
  }
  return 0;
}
