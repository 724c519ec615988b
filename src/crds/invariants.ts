/**
 * What must hold of a table at any time. Each check returns the first violation in words, or undefined;
 * tests run all of them, production looks at a sample of rows.
 */
import { sha256Into } from '../crypto/hash.ts';
import { SHARD_COUNT } from '../shm/layout.ts';
import { TableState } from '../shm/table-cells.ts';
import { equalBytes, toHex } from '../util/bytes.ts';
import { outcomeName } from '../util/outcome.ts';
import type { Rng } from '../util/rng.ts';
import { createValueColumns } from '../wire/columns.ts';
import { HASH_BYTES, KIND_COUNT, Kind, PUBKEY_BYTES, SIGNATURE_BYTES } from '../wire/limits.ts';
import { skimValue } from '../wire/skim.ts';
import type { Chain } from './chain.ts';
import { shardOf } from './label.ts';
import type { CrdsTable } from './table.ts';
import { ValuePlaces } from './value-places.ts';

/** What a check may ask for beyond the structure of the table. */
export interface InvariantOptions {
  /** False for tables of tests whose bytes are no values. */
  readonly decode?: boolean;
  /** Checks a value's signature: key, signature and message lie in `bytes`. */
  readonly verify?: (
    bytes: Uint8Array,
    keyAt: number,
    signatureAt: number,
    messageAt: number,
    messageEnd: number,
  ) => boolean;
}

/**
 * Checks everything: T1, T3, T4, T5 and T8 of the reliability goals. That partitions of any width have each shard once
 * depends on no table and is a test of `planShards`; here every row is in the shard of its hash.
 *
 * @returns the first violation
 */
export function findViolation(
  table: CrdsTable,
  options: InvariantOptions = {},
): string | undefined {
  return (
    checkLists(table) ??
    checkIndices(table) ??
    new ValuePlaces(table.view.columns).findViolation() ??
    checkOrder(table) ??
    checkPeers(table) ??
    checkRows(table, options)
  );
}

/** Checks `count` random rows, for a running node: what is wrong with one is wrong with many. */
export function sampleViolation(
  table: CrdsTable,
  rng: Rng,
  count: number,
  options: InvariantOptions = {},
): string | undefined {
  const { highWater } = table.view;
  if (highWater === 0) return undefined;
  for (let i = 0; i < count; i++) {
    const row = rng.below(highWater);
    if (table.view.columns.length[row] === 0) continue;
    const violation = checkRow(table, row) ?? checkValue(table, row, options);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

/** T1: one entry for each label, whose bytes are the value that the columns say. */
function checkRows(table: CrdsTable, options: InvariantOptions): string | undefined {
  const { length } = table.view.columns;
  for (let row = 0; row < table.view.highWater; row++) {
    if (length[row] === 0) continue;
    const violation = checkRow(table, row) ?? checkValue(table, row, options);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function checkRow(table: CrdsTable, row: number): string | undefined {
  const { view } = table;
  const c = view.columns;
  const found = view.find(
    c.kind[row]!,
    c.index[row]!,
    view.peers.columns.pubkey,
    view.originOffset(row),
  );
  if (found !== row) return `T1 row ${row}: its label leads to row ${found}`;
  if ((c.version[row]! & 1) !== 0) return `T1 row ${row}: its version is odd`;
  const peer = c.peer[row]!;
  if ((c.kind[row] === Kind.CONTACT_INFO) !== (view.peers.contactRow(peer) === row)) {
    return `T3 row ${row}: the contact of peer ${peer} is row ${view.peers.contactRow(peer)}`;
  }
  return undefined;
}

const skimmed = createValueColumns(2);
const digest = new Uint8Array(HASH_BYTES);

function checkValue(
  table: CrdsTable,
  row: number,
  { decode = true, verify }: InvariantOptions,
): string | undefined {
  const c = table.view.columns;
  const at = c.place[row]!;
  const end = at + c.length[row]!;
  if (!decode) return undefined;
  const outcome = skimValue(c.bytes, at, end, skimmed, 0);
  if (outcome !== 0) return `T1 row ${row}: does not decode, ${outcomeName(outcome)}`;
  const label = [skimmed.kind[0], skimmed.index[0], skimmed.wallclock[0]].join();
  const stored = [c.kind[row], c.index[row], c.wallclock[row]].join();
  if (label !== stored) return `T1 row ${row}: decodes to ${label}, the columns say ${stored}`;
  const key = skimmed.origin[0]!;
  if (
    !equalBytes(
      c.bytes,
      key,
      table.peers.columns.pubkey,
      table.view.originOffset(row),
      PUBKEY_BYTES,
    )
  ) {
    return `T1 row ${row}: is of another origin than its peer`;
  }
  sha256Into(c.bytes, at, end, digest, 0);
  if (!equalBytes(digest, 0, c.hash, row * HASH_BYTES, HASH_BYTES)) {
    return `T1 row ${row}: its hash is ${toHex(digest)}`;
  }
  if (verify !== undefined && !verify(c.bytes, key, at, at + SIGNATURE_BYTES, end)) {
    return `T1 row ${row}: its signature does not verify`;
  }
  return undefined;
}

/** Walks a list and looks at every row. @returns a violation, or how many rows it has */
function walk(
  name: string,
  chain: Chain,
  list: number,
  limit: number,
  complain: (row: number) => string | undefined,
): string | number {
  let count = 0;
  let previous = -1;
  for (let row = chain.first(list); row >= 0; row = chain.next(row)) {
    if (count++ >= limit) return `T3 ${name}: comes back to itself`;
    if (chain.previous(row) !== previous) return `T3 ${name}: row ${row} has lost who is before it`;
    const complaint = complain(row);
    if (complaint !== undefined) return `T3 ${name}: row ${row} ${complaint}`;
    previous = row;
  }
  if (chain.last(list) !== previous) return `T3 ${name}: ends with ${chain.last(list)}`;
  return count;
}

/** T3: lists by shard, kind and origin hold each row in use once, with the counts that they state. */
function checkLists(table: CrdsTable): string | undefined {
  const { view, size } = table;
  const c = view.columns;
  const p = view.peers.columns;
  const isFree = (row: number) => (c.length[row] === 0 ? 'is free' : undefined);
  const families = [
    {
      name: 'shard',
      chain: view.shards,
      lists: SHARD_COUNT,
      stated: c.shardCount,
      of: (row: number) => shardOf(c.hash, row * HASH_BYTES),
    },
    {
      name: 'kind',
      chain: view.kinds,
      lists: KIND_COUNT,
      stated: c.kindCount,
      of: (row: number) => c.kind[row]!,
    },
    {
      name: 'origin',
      chain: view.owners,
      lists: p.values.length,
      stated: p.values,
      of: (row: number) => c.peer[row]!,
    },
  ];
  for (const { name, chain, lists, stated, of } of families) {
    let total = 0;
    for (let list = 0; list < lists; list++) {
      if (stated[list] === 0 && name === 'origin') continue; // a free peer links its list to the next
      if (stated[list] === 0 && chain.first(list) < 0 && chain.last(list) < 0) continue;
      const count = walk(`${name} ${list}`, chain, list, size, (row) =>
        of(row) === list ? isFree(row) : `belongs to ${of(row)}`,
      );
      if (typeof count === 'string') return count;
      if (count !== stated[list]) {
        return `T3 ${name} ${list}: has ${count} rows and states ${stated[list]}`;
      }
      total += count;
    }
    if (total !== size) return `T3 lists by ${name}: hold ${total} of ${size} rows`;
  }
  return undefined;
}

/** T3, T8: indices hold exactly what is there, free rows are free and counted. */
function checkIndices(table: CrdsTable): string | undefined {
  const { view, size, peers } = table;
  const c = view.columns;
  const labels = view.index.countUsed();
  if (labels !== size) return `T8 label index: has ${labels} entries for ${size} rows`;
  const keys = peers.index.countUsed();
  if (keys !== peers.size) return `T8 index of peers: has ${keys} entries for ${peers.size}`;
  let used = 0;
  for (let row = 0; row < c.length.length; row++) {
    if (c.length[row] === 0) continue;
    if (row >= view.highWater) return `T3 row ${row}: lies above the high water mark`;
    used++;
  }
  if (used !== size) return `T3 rows: ${used} are in use, ${size} are counted`;
  let free = 0;
  for (let link = c.state[TableState.FREE_HEAD]!; link !== 0; link = c.shardNext[link - 1]!) {
    if (c.length[link - 1] !== 0) return `T3 free rows: row ${link - 1} is in use`;
    if (free++ > view.highWater) return 'T3 free rows: the list comes back to itself';
  }
  if (free + size !== view.highWater) {
    return `T3 free rows: ${free} free and ${size} used of ${view.highWater}`;
  }
  return undefined;
}

/** T4: ordinals increase along the order of insertion and stay below the cursor. */
function checkOrder(table: CrdsTable): string | undefined {
  const { ordinal } = table.view.columns;
  let last = -1;
  const count = walk('order', table.view.order, 0, table.size, (row) => {
    const before = last;
    last = ordinal[row]!;
    return last > before ? undefined : `has ordinal ${last} behind ${before}`;
  });
  if (typeof count === 'string') return count.replace('T3', 'T4');
  if (count !== table.size) return `T4 order: has ${count} of ${table.size} rows`;
  return last < table.cursor ? undefined : `T4 order: ordinal ${last} is not below the cursor`;
}

/** T5 and T8: origins are counted right, within their limits, and gone with their last value. */
function checkPeers(table: CrdsTable): string | undefined {
  const { peers, view, originLimits } = table;
  const p = peers.columns;
  let used = 0;
  for (let peer = 0; peer < p.values.length; peer++) {
    const values = p.values[peer]!;
    if (values === 0) {
      const left = p.tag[peer]! | p.contact[peer]! | p.bytes[peer]! | p.ip[peer]! | p.port[peer]!;
      const trace = p.pubkey.subarray(peer * PUBKEY_BYTES, (peer + 1) * PUBKEY_BYTES);
      if (left !== 0 || trace.some((byte) => byte !== 0)) return `T8 peer ${peer}: left a trace`;
      continue;
    }
    used++;
    if (peers.find(p.pubkey, peer * PUBKEY_BYTES) !== peer) return `T3 peer ${peer}: is not found`;
    let bytes = 0;
    for (let row = view.owners.first(peer); row >= 0; row = view.owners.next(row)) {
      bytes += view.columns.length[row]!;
    }
    if (bytes !== p.bytes[peer]) return `T3 peer ${peer}: has ${bytes} and states ${p.bytes[peer]}`;
    if (values > originLimits.values || bytes > originLimits.bytes) {
      return `T5 peer ${peer}: ${values} values of ${bytes} bytes are over the limit`;
    }
  }
  return used === peers.size ? undefined : `T3 peers: ${used} in use, ${peers.size} counted`;
}
