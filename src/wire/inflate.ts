import { INFLATE_BYTES } from './limits.ts';

/**
 * Raw DEFLATE (RFC 1951) with the exact manners that the protocol's slots depend on: at most 2,048 bytes
 * come out, a stream that ends early yields what it had so far, a corrupt one yields nothing, and what
 * follows the end or the last byte of room is not looked at. zlib's one-shot calls can say only part of that.
 *
 * @source RFC 1951; agave gossip/src/epoch_slots.rs, Flate2::inflate
 */

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const LENGTH_EXTRA = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
/** In which order a dynamic block gives the lengths of the codes for code lengths. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const MAX_CODE_BITS = 15;
/** Of a dynamic block; its header could say 288 and 32. */
const MAX_LITERALS = 286;
const MAX_DISTANCES = 30;

/** How a block or a symbol ended. */
const MORE = 0;
const END = 1;
const STARVED = 2;
const CORRUPT = 3;
const FULL = 4;

/** Negative symbols: no code was read. */
const SYMBOL_STARVED = -1;
const SYMBOL_CORRUPT = -2;

/** A canonical Huffman code: how many codes have each length, and the symbols in order of their codes. */
interface Code {
  counts: Uint16Array;
  symbols: Uint16Array;
  /** Bits of the longest code; reading more tells nothing. At least 1. */
  maxBits: number;
}

/**
 * @param sparse whether the code may be of one 1-bit code, or of none: bits that stand for no symbol are
 *   corrupt only once they are met
 * @returns what `lengths` describe, or undefined when they describe no code
 */
function buildCode(lengths: Uint8Array, sparse: boolean): Code | undefined {
  const counts = new Uint16Array(MAX_CODE_BITS + 1);
  for (const length of lengths) counts[length]!++;
  const used = lengths.length - counts[0]!;
  counts[0] = 0;
  let left = 1;
  let maxBits = 1;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    left = left * 2 - counts[bits]!;
    if (left < 0) return undefined;
    if (counts[bits]! > 0) maxBits = bits;
  }
  if (left > 0 && !(sparse && maxBits === 1)) return undefined;
  const next = new Uint16Array(MAX_CODE_BITS + 2);
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) next[bits + 1] = next[bits]! + counts[bits]!;
  const symbols = new Uint16Array(used);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const bits = lengths[symbol]!;
    if (bits > 0) symbols[next[bits]!++] = symbol;
  }
  return { counts, symbols, maxBits };
}

const FIXED_LITERALS = buildCode(
  Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
  false,
)!;
const FIXED_DISTANCES = buildCode(new Uint8Array(32).fill(5), false)!;

class Inflater {
  readonly #in: Uint8Array;
  readonly #out = new Uint8Array(INFLATE_BYTES);
  #bitAt = 0;
  #size = 0;

  constructor(bytes: Uint8Array) {
    this.#in = bytes;
  }

  /** @returns what came out, or undefined when the stream is corrupt */
  run(): Uint8Array | undefined {
    let state = MORE;
    while (state === MORE) {
      const last = this.#bits(1);
      const type = this.#bits(2);
      if (type < 0) state = STARVED;
      else if (type === 0) state = this.#stored();
      else if (type === 1) state = this.#symbols(FIXED_LITERALS, FIXED_DISTANCES);
      else if (type === 2) state = this.#dynamic();
      else state = CORRUPT;
      if (state === MORE && last === 1) state = END;
    }
    return state === CORRUPT ? undefined : this.#out.subarray(0, this.#size);
  }

  /** @returns the next `count` bits as a number, or −1 when there are not that many */
  #bits(count: number): number {
    if (this.#bitAt + count > this.#in.length * 8) {
      this.#bitAt = this.#in.length * 8;
      return -1;
    }
    let value = 0;
    for (let i = 0; i < count; i++, this.#bitAt++) {
      value |= ((this.#in[this.#bitAt >>> 3]! >>> (this.#bitAt & 7)) & 1) << i;
    }
    return value;
  }

  #symbol(code: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= code.maxBits; bits++) {
      const bit = this.#bits(1);
      if (bit < 0) return SYMBOL_STARVED;
      value |= bit;
      const count = code.counts[bits]!;
      if (value - first < count) return code.symbols[index + value - first]!;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    return SYMBOL_CORRUPT;
  }

  #stored(): number {
    this.#bitAt = (this.#bitAt + 7) & ~7;
    const length = this.#bits(16);
    const complement = this.#bits(16);
    if (complement < 0) return STARVED;
    if ((length ^ complement) !== 0xffff) return CORRUPT;
    for (let i = 0; i < length; i++) {
      if (this.#size === INFLATE_BYTES) return FULL;
      const byte = this.#bits(8);
      if (byte < 0) return STARVED;
      this.#out[this.#size++] = byte;
    }
    return MORE;
  }

  #symbols(literals: Code, distances: Code): number {
    for (;;) {
      const symbol = this.#symbol(literals);
      if (symbol < 0) return symbol === SYMBOL_STARVED ? STARVED : CORRUPT;
      if (symbol === 256) return MORE;
      if (symbol < 256) {
        if (this.#size === INFLATE_BYTES) return FULL;
        this.#out[this.#size++] = symbol;
      } else {
        const state = this.#copy(symbol - 257, distances);
        if (state !== MORE) return state;
      }
    }
  }

  #copy(lengthCode: number, distances: Code): number {
    if (lengthCode >= LENGTH_BASE.length) return CORRUPT;
    const more = this.#bits(LENGTH_EXTRA[lengthCode]!);
    if (more < 0) return STARVED;
    const symbol = this.#symbol(distances);
    if (symbol < 0) return symbol === SYMBOL_STARVED ? STARVED : CORRUPT;
    if (symbol >= DISTANCE_BASE.length) return CORRUPT;
    const further = this.#bits(symbol < 2 ? 0 : (symbol >>> 1) - 1);
    if (further < 0) return STARVED;
    const distance = DISTANCE_BASE[symbol]! + further;
    if (distance > this.#size) return CORRUPT;
    for (let i = LENGTH_BASE[lengthCode]! + more; i > 0; i--) {
      if (this.#size === INFLATE_BYTES) return FULL;
      this.#out[this.#size] = this.#out[this.#size - distance]!;
      this.#size++;
    }
    return MORE;
  }

  #dynamic(): number {
    const literalCount = this.#bits(5) + 257;
    const distanceCount = this.#bits(5) + 1;
    const lengthCount = this.#bits(4) + 4;
    if (lengthCount < 4) return STARVED;
    if (literalCount > MAX_LITERALS || distanceCount > MAX_DISTANCES) return CORRUPT;
    const lengths = new Uint8Array(19);
    for (let i = 0; i < lengthCount; i++) {
      const bits = this.#bits(3);
      if (bits < 0) return STARVED;
      lengths[CODE_LENGTH_ORDER[i]!] = bits;
    }
    const code = buildCode(lengths, false);
    if (!code) return CORRUPT;
    const all = new Uint8Array(literalCount + distanceCount);
    for (let i = 0; i < all.length; ) {
      const symbol = this.#symbol(code);
      if (symbol < 0) return STARVED; // the code is complete
      if (symbol < 16) {
        all[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) return CORRUPT;
      const more = this.#bits(symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
      if (more < 0) return STARVED;
      const repeat = more + (symbol === 18 ? 11 : 3);
      if (i + repeat > all.length) return CORRUPT;
      all.fill(symbol === 16 ? all[i - 1]! : 0, i, i + repeat);
      i += repeat;
    }
    const literals = buildCode(all.subarray(0, literalCount), true);
    const distances = buildCode(all.subarray(literalCount), true);
    if (!literals || !distances) return CORRUPT;
    return this.#symbols(literals, distances);
  }
}

/** @returns the first 2,048 bytes that the stream holds, or undefined when it is corrupt before that */
export function inflate(compressed: Uint8Array): Uint8Array | undefined {
  return new Inflater(compressed).run();
}
