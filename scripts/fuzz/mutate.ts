/** Changes to bytes of which nothing is known. */
import type { Rng } from '../../src/util/rng.ts';

/** Numbers at which code changes its mind. */
const EDGES = [
  0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 136, 137, 239,
  240, 254, 255, 256, 511, 512, 957, 1_023, 1_187, 1_188, 1_189, 1_231, 1_232, 2_047, 2_048, 7_656,
  16_383, 16_384, 32_767, 32_768, 65_535, 65_536,
];

/** The same beyond 16 bits, where they need all of a u64. */
const WIDE_EDGES = [
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 61n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n - 8n,
  10n ** 15n - 1n,
  10n ** 15n,
  2n ** 60n,
];

/** An edge, wide now and then. */
export function edge(rng: Rng): bigint {
  if (rng.below(3) === 0) return WIDE_EDGES[rng.below(WIDE_EDGES.length)]!;
  return BigInt(EDGES[rng.below(EDGES.length)]!);
}

/** LEB128: the shortest form, or one of the longer ones that have to be refused. */
export function leb128(value: bigint, surplus = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  for (let i = 0; i < surplus; i++) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(0);
  }
  return Uint8Array.from(bytes);
}

/** A little-endian integer of so many bytes, what does not fit cut off. */
export function littleEndian(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes.subarray(0, size);
}

/** Replaces a span by other bytes, which may be more or fewer. */
export function spliced(
  input: Uint8Array,
  at: number,
  cut: number,
  insert: Uint8Array,
): Uint8Array {
  const end = Math.min(input.length, at + cut);
  if (end - at === insert.length) {
    const same = input.slice();
    same.set(insert, at);
    return same;
  }
  const out = new Uint8Array(at + insert.length + input.length - end);
  out.set(input.subarray(0, at));
  out.set(insert, at);
  out.set(input.subarray(end), at + insert.length);
  return out;
}

/** One change of one sort, drawn. */
export function mutateBytes(input: Uint8Array, other: Uint8Array, rng: Rng): Uint8Array {
  const at = rng.below(input.length + 1);
  switch (rng.below(9)) {
    case 0:
    case 1: {
      const copy = input.slice();
      if (at < copy.length) copy[at]! ^= 1 << rng.below(8);
      return copy;
    }
    case 2: {
      const copy = input.slice();
      if (at < copy.length) copy[at] = rng.below(256);
      return copy;
    }
    case 3: {
      const size = [1, 2, 4, 8][rng.below(4)]!;
      return spliced(input, at, rng.below(4) === 0 ? 0 : size, littleEndian(edge(rng), size));
    }
    case 4: {
      const bytes = leb128(edge(rng), rng.below(8) === 0 ? 1 : 0);
      return spliced(input, at, rng.below(4), bytes);
    }
    case 5:
      return spliced(input, at, 1 + rng.below(rng.below(2) === 0 ? 8 : 128), new Uint8Array(0));
    case 6: {
      const from = rng.below(other.length + 1);
      const piece = other.subarray(from, from + 1 + rng.below(128));
      return spliced(input, at, rng.below(2) === 0 ? 0 : piece.length, piece);
    }
    case 7:
      return input.slice(0, at);
    default: {
      const more = new Uint8Array(1 + rng.below(rng.below(4) === 0 ? 1_024 : 16));
      rng.fill(more);
      return spliced(input, at, 0, more);
    }
  }
}
