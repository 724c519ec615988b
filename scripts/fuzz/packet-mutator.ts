/** Changes to datagrams by someone who knows their structure: whole values, counts, lengths, integers. */
import type { Rng } from '../../src/util/rng.ts';
import {
  Kind,
  MAX_VALUES,
  Message,
  PACKET_BYTES,
  VALUES_HEADER_BYTES,
} from '../../src/wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../../src/wire/skim.ts';
import { edge, leb128, littleEndian, mutateBytes, spliced } from './mutate.ts';

/** Behind signature, kind and origin: where most bodies begin to be interesting. */
const BODY_AT = 64 + 4 + 32;

/** Where u64 counts and lengths stand in a value, from its start. */
const COUNTS: Readonly<Record<number, readonly number[]>> = {
  [Kind.LOWEST_SLOT]: [BODY_AT + 17, BODY_AT + 25],
  [Kind.EPOCH_SLOTS]: [BODY_AT + 1, BODY_AT + 13, BODY_AT + 21, BODY_AT + 29, BODY_AT + 30],
  [Kind.DUPLICATE_SHRED]: [BODY_AT + 25],
  [Kind.SNAPSHOT_HASHES]: [BODY_AT + 40],
  [Kind.RESTART_LAST_VOTED_FORK_SLOTS]: [BODY_AT + 12, BODY_AT + 13],
};

/** Mutates datagrams; one change or a few on top of each other. */
export class PacketMutator {
  readonly #rng: Rng;
  readonly #packet = new PacketFields();
  readonly #columns = createValueColumns(MAX_VALUES + 1);

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** @returns a datagram that is mostly like `input` and at most a few bytes longer than allowed */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    const rng = this.#rng;
    let out = input;
    for (let n = 1 + rng.below(rng.below(4) === 0 ? 8 : 3); n > 0; n--)
      out = this.#change(out, other);
    return out.length > PACKET_BYTES + 8 ? out.slice(0, PACKET_BYTES + rng.below(9)) : out;
  }

  #change(input: Uint8Array, other: Uint8Array): Uint8Array {
    const rng = this.#rng;
    switch (rng.below(8)) {
      case 0:
        return this.#values(input, other);
      case 1:
        return this.#count(input);
      case 2:
        return this.#inValue(input);
      case 3: {
        const copy = input.slice(); // another message or kind around the same bytes
        if (copy.length > 0) copy[0] = rng.below(7);
        return copy;
      }
      default:
        return mutateBytes(input, other, rng);
    }
  }

  /** Skims what it can. @returns how many values were found whole, also of a packet that is refused */
  #rows(input: Uint8Array): number {
    this.#columns.length.fill(0);
    const outcome = skim(input, 0, input.length, this.#packet, this.#columns, 0);
    if (outcome === 0) return this.#packet.valueCount;
    let rows = 0;
    while (rows < MAX_VALUES && this.#columns.length[rows]! > 0) rows++;
    return rows;
  }

  /** Takes a value out, or puts one of another packet in, and counts right, mostly. */
  #values(input: Uint8Array, other: Uint8Array): Uint8Array {
    const rng = this.#rng;
    const fromOther = this.#rows(other);
    const pick = rng.below(Math.max(1, fromOther));
    const { offset, length } = this.#columns;
    const piece =
      fromOther === 0
        ? new Uint8Array(0)
        : other.slice(offset[pick]!, offset[pick]! + length[pick]!);
    const own = this.#rows(input);
    if (own === 0) return mutateBytes(input, other, rng);
    const row = rng.below(own);
    const at = offset[row]!;
    const cut = rng.below(3) > 0 ? length[row]! : 0;
    const out = spliced(input, at, cut, piece);
    const isCounted = input[0] === Message.PUSH || input[0] === Message.PULL_RESPONSE;
    if (!isCounted || rng.below(16) === 0 || out.length < VALUES_HEADER_BYTES) return out;
    const count = own - (cut > 0 ? 1 : 0) + (piece.length > 0 ? 1 : 0);
    out.set(littleEndian(BigInt(count), 8), VALUES_HEADER_BYTES - 8);
    return out;
  }

  /** Sets a count or length somewhere. */
  #count(input: Uint8Array): Uint8Array {
    const rng = this.#rng;
    const rows = this.#rows(input);
    let at = [4, 12, 68, 36][rng.below(4)]!;
    if (rows > 0 && rng.below(4) > 0) {
      const row = rng.below(rows);
      const places = COUNTS[this.#columns.kind[row]!];
      if (places) at = this.#columns.offset[row]! + places[rng.below(places.length)]!;
    }
    if (at + 8 > input.length) return input;
    const near = BigInt(input[at]! + (input[at + 1]! << 8) + rng.below(5) - 2);
    const value = rng.below(2) === 0 && near >= 0n ? near : edge(rng);
    return spliced(input, at, 8, littleEndian(value, 8));
  }

  /** Changes an integer inside a value, fixed or variable. */
  #inValue(input: Uint8Array): Uint8Array {
    const rng = this.#rng;
    const rows = this.#rows(input);
    if (rows === 0) return mutateBytes(input, input, rng);
    const row = rng.below(rows);
    const from = this.#columns.offset[row]! + 64;
    const at = from + rng.below(Math.max(1, this.#columns.length[row]! - 64));
    if (rng.below(2) === 0) {
      return spliced(input, at, 1 + rng.below(3), leb128(edge(rng), rng.below(8) === 0 ? 1 : 0));
    }
    if (rng.below(3) === 0) {
      const copy = input.slice();
      copy[from] = rng.below(15); // its kind
      return copy;
    }
    const size = [1, 2, 4, 8][rng.below(4)]!;
    return spliced(input, at, size, littleEndian(edge(rng), size));
  }
}
