import { KnownKeysEngine, makeTables } from '../../src/crypto/known-keys/engine.ts';
import { createKnownKeys, type KnownKeysThread } from '../../src/crypto/known-keys/memory.ts';
import { createVerifier, type Verifier } from '../../src/crypto/verify.ts';
import { readU32, toHex } from '../../src/util/bytes.ts';
import { type Rng, seededRng } from '../../src/util/rng.ts';
import { type MadeSignature, SignatureMaker } from './signatures.ts';
import { Finding, type FuzzContext, type FuzzTarget, type Runner } from './target.ts';

/** Keys whose tables are made anew for each batch. */
const STRANGE = 4;

/** One in so many signatures is judged by noble too, which takes as long as all others together. */
const NOBLE_ONE_IN = 1_024;

/** Seed of the keys: every run has the same, so that an input alone repeats a finding. */
const KEYS_SEED = 0x5e3d;

/** Judges batches of made-up signatures by tables, by libsodium and, a few, by noble. */
export class VerifyCases {
  /** Signatures judged so far. */
  cases = 0;
  /** Of those, accepted. */
  accepted = 0;
  /** Of those, judged by noble as well. */
  byNoble = 0;
  readonly #thread: KnownKeysThread;
  readonly #engine: KnownKeysEngine;
  readonly #maker: SignatureMaker;
  readonly #sodium: Verifier = createVerifier('sodium');
  readonly #noble: Verifier = createVerifier('noble');
  readonly #whole = new Uint8Array(2_048);

  constructor() {
    this.#maker = new SignatureMaker(seededRng(KEYS_SEED));
    const { keys } = this.#maker;
    this.#thread = createKnownKeys(keys.length + STRANGE, seededRng(1));
    this.#engine = new KnownKeysEngine(this.#thread);
    for (let i = 0; i < keys.length; i += 4) this.#makeTables(keys.slice(i, i + 4), i);
  }

  /**
   * Judges one batch, of 1 to 64 signatures.
   *
   * @param reach told of each sort of signature and its verdict
   * @throws Finding when two verifiers differ
   * @returns how many were accepted
   */
  run(rng: Rng, reach: (point: string) => void): number {
    const { keys } = this.#maker;
    const strange = Array.from({ length: STRANGE }, () => this.#maker.strangeKey(rng));
    const usable = this.#makeTables(strange, keys.length);
    // Mostly small, so that an input takes a few milliseconds.
    const count = rng.below(8) === 0 ? 64 : 1 + rng.below(24);
    const made: MadeSignature[] = [];
    const lanes: number[] = [];
    for (let row = 0; row < count; row++) {
      const lane = rng.below(8) === 0 ? rng.below(STRANGE) : -1;
      const one = lane < 0 ? this.#maker.make(rng) : this.#maker.makeStrange(strange[lane]!, rng);
      made.push(one);
      lanes.push(lane);
      this.#stage(row, one, lane < 0 ? one.known : keys.length + lane);
    }
    this.#engine.verify(count);
    let accepted = 0;
    for (const [row, one] of made.entries()) {
      const lane = lanes[row]!;
      const verdict = this.#engine.accepts(row) && (lane < 0 || (usable & (1 << lane)) !== 0);
      if (verdict) accepted++;
      this.#compare(one, verdict, this.#sodium);
      if (rng.below(NOBLE_ONE_IN) === 0) {
        this.byNoble++;
        this.#compare(one, verdict, this.#noble);
      }
      reach(`${one.sort}, ${verdict ? 'accepted' : 'refused'}`);
    }
    this.cases += count;
    this.accepted += accepted;
    return accepted;
  }

  #compare(one: MadeSignature, verdict: boolean, other: Verifier): void {
    const { key, signature, message, sort } = one;
    if (other.verify(key, 0, signature, 0, message, 0, message.length) === verdict) return;
    throw new Finding(
      `${verdict ? 'accepted' : 'refused'} by table and not by ${other.name} (${sort}): key ${toHex(key)}, signature ${toHex(signature)}, message ${toHex(message)}`,
    );
  }

  #stage(row: number, one: MadeSignature, slot: number): void {
    const { layout } = this.#thread;
    const whole = this.#whole;
    whole.set(one.signature);
    whole.set(one.message, 64);
    const table = layout.tables + slot * layout.tableBytes;
    this.#engine.stage(row, layout.keys + 32 * slot, table, whole, 0, 64, 64 + one.message.length);
  }

  /** @returns a bit for each key that a table was made for */
  #makeTables(keys: readonly Uint8Array[], first: number): number {
    const { bytes, layout } = this.#thread;
    for (const [lane, key] of keys.entries()) bytes.set(key, layout.keys + 32 * (first + lane));
    return makeTables(
      this.#thread,
      keys,
      (lane) => layout.tables + (first + lane) * layout.tableBytes,
    );
  }
}

/** The keys and their tables, the same for every runner. */
let shared: VerifyCases | undefined;

/** Signatures: tables for known keys against libsodium and noble. An input is what its batch is drawn from. */
export const target: FuzzTarget = {
  name: 'verify',
  about: 'judges made-up signatures by tables for known keys: as libsodium and noble do',
  branches: /^src\/crypto\/known-keys\//,
  canaries: [
    'honest key, honest R, accepted',
    'honest key, mixed R, refused',
    'mixed key, honest R, accepted',
    'mixed key, honest R, refused',
    'mixed key, mixed R, accepted',
    'mixed key, mixed R, refused',
    'R, refused',
    'S, refused',
    'message, refused',
    'S + L, refused',
    'S random, refused',
    'R random, refused',
    'R small, refused',
    'S zero, refused',
    'strange key, refused',
  ],
  maxBytes: 8,
  runsPerRunner: 64, // 4,096 signatures; npm test runs one runner's worth
  seeds: () => Array.from({ length: 32 }, (_, i) => Uint8Array.of(i, 0, 0, 0, 0, 0, 0, 0)),
  open: ({ reach, rng }: FuzzContext): Runner => {
    shared ??= new VerifyCases();
    const cases = shared;
    return {
      mutate() {
        const input = new Uint8Array(8);
        rng.fill(input);
        return input;
      },
      run(input) {
        const bytes = new Uint8Array(8);
        bytes.set(input.subarray(0, 8));
        const seed = readU32(bytes, 0) ^ Math.imul(readU32(bytes, 4), 0x9e3779b1);
        return cases.run(seededRng(seed), reach);
      },
    };
  },
};
