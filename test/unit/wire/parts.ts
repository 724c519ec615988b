import { readFileSync } from 'node:fs';
import { fromHex, writeU64Big } from '../../../src/util/bytes.ts';
import { outcomeName } from '../../../src/util/outcome.ts';
import { createValueColumns, PacketFields, skim } from '../../../src/wire/skim.ts';

/** A byte, hex, or bytes. */
export type Part = number | string | Uint8Array;

/** Joins parts into one array. */
export function join(...parts: readonly Part[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) => {
        if (typeof part === 'number') return Uint8Array.of(part);
        return typeof part === 'string' ? fromHex(part.replaceAll(' ', ''))! : part;
      }),
    ),
  );
}

/** The same part again and again. */
export const repeat = (part: Part, times: number): Uint8Array =>
  join(...new Array<Part>(times).fill(part));

export const u16 = (value: number): Uint8Array => u64(value).subarray(0, 2);
export const u32 = (value: number): Uint8Array => u64(value).subarray(0, 4);
export function u64(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64Big(bytes, 0, BigInt(value));
  return bytes;
}

/** Shortest LEB128, which is also the form of short_vec counts. */
export function leb(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.of(...bytes, Number(rest));
}

const WORKED: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../fixtures/worked-examples.json', import.meta.url), 'utf8'),
);

/** One of the worked examples, whole packets and whole values. */
export function worked(name: string): Uint8Array {
  return fromHex(WORKED[name]!)!;
}

/** Keys of the worked examples: the origin, the relayer, and one more. */
export const KEY_A = '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c';
export const KEY_B = '8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394';
export const KEY_C = 'ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1';
export const VOTE_PROGRAM = '0761481d357474bb7c4d7624ebd3bdb3d8355e73d11043fc0da3538000000000';
export const SIGNATURE = new Uint8Array(64).fill(0x5a);
export const HASH = new Uint8Array(32).fill(0xcc);
export const WALLCLOCK = 1_787_000_000_000;
/** Smallest wallclock and slot that are refused, and the largest u64. */
export const LIMIT = 10n ** 15n;
export const U64_MAX = 2n ** 64n - 1n;

/** A push of values; `count` lies about how many when given. */
export const push = (values: readonly Uint8Array[], count: number | bigint = values.length) =>
  join(u32(2), KEY_B, u64(count), ...values);

/** A value around the bytes of its kind's body. */
export const value = (kind: number, ...body: readonly Part[]): Uint8Array =>
  join(SIGNATURE, u32(kind), ...body);

/** Parts of a contact info that a case can replace, in wire order; counts come before what they count. */
export interface ContactInfoParts {
  wallclock?: Part;
  outset?: Part;
  shredVersion?: Part;
  version?: Part;
  addressCount?: Part;
  addresses?: readonly Part[];
  socketCount?: Part;
  sockets?: readonly Part[];
  extensions?: Part;
}

/** Version 4.3.0 of client 3. */
export const VERSION = join('040300', u32(0), u32(0), 3);

/** An IPv4 address. */
export const v4 = (a: number, b: number, c: number, d: number): Uint8Array =>
  join(u32(0), a, b, c, d);

/** A socket: key, index of its address, distance from the port before. */
export const socket = (key: number, index: number, offset: number): Uint8Array =>
  join(key, index, leb(offset));

export function contactInfo(parts: ContactInfoParts = {}): Uint8Array {
  const addresses = parts.addresses ?? [];
  const sockets = parts.sockets ?? [];
  return value(
    11,
    KEY_A,
    parts.wallclock ?? leb(WALLCLOCK),
    parts.outset ?? u64(1),
    parts.shredVersion ?? u16(1),
    parts.version ?? VERSION,
    parts.addressCount ?? leb(addresses.length),
    ...addresses,
    parts.socketCount ?? leb(sockets.length),
    ...sockets,
    parts.extensions ?? '00',
  );
}

/** Skims a packet as if it had arrived alone. @returns name of the outcome, and where a refusal was noticed */
export function skimmed(bytes: Uint8Array): {
  outcome: string;
  failedAt: number;
  packet: PacketFields;
  columns: ReturnType<typeof createValueColumns>;
} {
  const packet = new PacketFields();
  const columns = createValueColumns(10);
  const outcome = outcomeName(skim(bytes, 0, bytes.length, packet, columns, 0));
  return { outcome, failedAt: packet.failedAt, packet, columns };
}

/** One row of a table of packets: what it is called, the packet, what has to come of it, and where. */
export type PacketCase = readonly [
  name: string,
  bytes: Uint8Array,
  outcome: string,
  failedAt?: number,
];

/** The outcome of a case next to what was expected, for one comparison over a whole table. */
export function verdicts(cases: readonly PacketCase[]): {
  actual: readonly string[];
  expected: readonly string[];
} {
  const line = (name: string, outcome: string, at?: number) =>
    at === undefined ? `${name}: ${outcome}` : `${name}: ${outcome} at ${at}`;
  return {
    expected: cases.map(([name, , outcome, at]) => line(name, outcome, at)),
    actual: cases.map(([name, bytes, , at]) => {
      const result = skimmed(bytes);
      return line(name, result.outcome, at === undefined ? undefined : result.failedAt);
    }),
  };
}
