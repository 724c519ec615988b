import { readStore, STORE_HEAD_BYTES, storeChecksum } from '../../src/node/store-format.ts';
import { writeU32 } from '../../src/util/bytes.ts';
import { generation } from '../../test/sim/stored.ts';
import { HeapMeter } from './heap-meter.ts';
import { mutateBytes } from './mutate.ts';
import { Finding, type FuzzContext, type FuzzTarget, type Runner } from './target.ts';

/** Where the checksum stands: behind 64 bytes of header. */
const CHECKSUM_AT = 64;

const MEASURE_EVERY = 512;

/** Loads files that nobody wrote on purpose. */
class LoaderRunner implements Runner {
  readonly #context: FuzzContext;
  readonly #heap = new HeapMeter();
  #runs = 0;

  constructor(context: FuzzContext) {
    this.#context = context;
  }

  /** Behind the checksum hardly anything would be reached: it is made again, as a forger would. */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    const { rng } = this.#context;
    let out = input;
    for (let n = 1 + rng.below(3); n > 0; n--) out = mutateBytes(out, other, rng);
    if (out.length < STORE_HEAD_BYTES || rng.below(16) === 0) return out;
    const copy = out.slice();
    if (rng.below(8) > 0) writeU32(copy, 12, copy.length - STORE_HEAD_BYTES);
    copy.set(storeChecksum(copy), CHECKSUM_AT);
    return copy;
  }

  run(input: Uint8Array): number {
    const read = readStore(input);
    if (this.#runs++ % MEASURE_EVERY === 0) this.#measure(input);
    if (typeof read === 'string') {
      const why = read.replaceAll(/\d+/g, '#');
      this.#context.reach(why);
      return hashOf(why);
    }
    this.#context.reach('taken');
    const { identities, peers, counters } = read;
    const least = 48 * identities.length + 8 * peers.length;
    if (least > input.length) throw new Finding(`${least} bytes of records in ${input.length}`);
    for (const { contact } of peers)
      if (contact.length > 1_232) throw new Finding('a long contact');
    for (const value of Object.values(counters)) {
      if (!Number.isFinite(value)) throw new Finding(`a counter of ${value}`);
    }
    return 1_000 + Math.min(9, identities.length) * 10 + Math.min(9, peers.length);
  }

  #measure(input: Uint8Array): void {
    const bytes = this.#heap.measure(() => readStore(input));
    const most = 65_536 + 64 * input.length;
    if (bytes > most) throw new Finding(`reading ${input.length} bytes leaves ${bytes}`);
  }
}

/** Files of the store. */
export const target: FuzzTarget = {
  name: 'store',
  about: 'loads a file of the store: a whole generation or none, nothing thrown, no count believed',
  branches: /^src\/node\/store-format\.ts/,
  canaries: [
    'taken',
    '# bytes are too few',
    'it does not begin as a store does',
    'its version is #, not #',
    'its length is wrong',
    'its checksum is wrong',
    'its head is wrong',
    'it ends too soon',
    'its counters are wrong',
    'its times are wrong',
    'its peers end too soon',
    'one of its peers is too long',
    'bytes are left over behind its peers',
  ],
  maxBytes: 4_096,
  seeds: () => [0, 1, 2, 5].map((records) => new Uint8Array(Buffer.concat(generation(9, records)))),
  open: (context) => new LoaderRunner(context),
};

function hashOf(text: string): number {
  let hash = 0;
  for (const char of text) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0;
  return hash >>> 0;
}
