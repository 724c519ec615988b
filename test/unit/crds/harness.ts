/** Small tables and made-up values for tests of the table: bytes that are no real values, but hash as such. */
import { CrdsTable, type OriginLimits, Route } from '../../../src/crds/table.ts';
import { loadXxhash, sha256 } from '../../../src/crypto/hash.ts';
import { type Capacities, SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions, type Regions } from '../../../src/shm/regions.ts';
import { Kind } from '../../../src/wire/limits.ts';

export const xxhash = await loadXxhash();

export interface TestValue {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly kind: number;
  readonly index: number;
  readonly wallclock: number;
  readonly outsetLow: number;
  readonly outsetHigh: number;
}

export interface ValueOptions {
  kind?: number;
  index?: number;
  origin?: number;
  wallclock?: number;
  outsetLow?: number;
  outsetHigh?: number;
  /** Distinguishes values that are equal otherwise. */
  salt?: number;
  length?: number;
}

/** Where the pubkey lies in a made-up value. */
export const ORIGIN_AT = 4;

/** Pubkeys by number, in ascending order of their bytes. */
export function key(origin: number): Uint8Array {
  const pubkey = new Uint8Array(32).fill(0x5a);
  pubkey[0] = origin >>> 8;
  pubkey[1] = origin;
  return pubkey;
}

export function value({
  kind = Kind.VOTE,
  index = 0,
  origin = 1,
  wallclock = 1_000,
  outsetLow = 0,
  outsetHigh = 0,
  salt = 0,
  length = 120,
}: ValueOptions = {}): TestValue {
  const bytes = new Uint8Array(length).fill(salt + 1);
  bytes.set([kind, index, index >>> 8, salt]);
  bytes.set(key(origin), ORIGIN_AT);
  new DataView(bytes.buffer).setFloat64(40, wallclock, true);
  new DataView(bytes.buffer).setUint32(48, outsetLow, true);
  new DataView(bytes.buffer).setUint32(52, outsetHigh, true);
  return { bytes, hash: sha256(bytes), kind, index, wallclock, outsetLow, outsetHigh };
}

export function makeRegions(capacities: Partial<Capacities> = {}): Regions {
  return createRegions({ ...SMALL_CAPACITIES, ...capacities }, false);
}

export function makeTable(
  options: {
    capacities?: Partial<Capacities>;
    originLimits?: OriginLimits;
    hashSeed?: number;
  } = {},
): CrdsTable {
  const { capacities = {}, originLimits, hashSeed = 12345 } = options;
  return new CrdsTable(makeRegions(capacities), {
    xxhash,
    hashSeed,
    ...(originLimits === undefined ? {} : { originLimits }),
  });
}

export function upsert(
  table: CrdsTable,
  v: TestValue,
  nowMs: number = v.wallclock,
  route: number = Route.PUSH,
): number {
  return table.upsert(
    v.bytes,
    0,
    v.bytes.length,
    v.kind,
    v.index,
    ORIGIN_AT,
    v.wallclock,
    v.outsetLow,
    v.outsetHigh,
    v.hash,
    0,
    nowMs,
    route,
  );
}

export function wouldInsert(table: CrdsTable, v: TestValue): boolean {
  return table.wouldInsert(
    v.bytes,
    v.kind,
    v.index,
    ORIGIN_AT,
    v.wallclock,
    v.outsetLow,
    v.outsetHigh,
    v.hash,
    0,
  );
}

export const rowOf = (table: CrdsTable, v: TestValue): number =>
  table.find(v.kind, v.index, v.bytes, ORIGIN_AT);

/** Rows in the order of insertion. */
export function rowsInOrder(table: CrdsTable): number[] {
  const rows: number[] = [];
  for (let row = table.view.order.first(0); row >= 0; row = table.view.order.next(row)) {
    rows.push(row);
  }
  return rows;
}
