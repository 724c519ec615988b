import { makeTables } from '../src/crypto/known-keys/engine.ts';
import { createKnownKeys } from '../src/crypto/known-keys/memory.ts';
import { createQuickIdentity } from '../src/crypto/quick-identity.ts';
import {
  createVerifier,
  createVerifyBatch,
  type Verifier,
  type VerifyBatch,
} from '../src/crypto/verify.ts';
import { KNOWN_KEYS_DEFAULTS } from '../src/crypto/verify-known.ts';
import { seededRng } from '../src/util/rng.ts';
import { type Gauged, type Mode, SEED, type Suite, type Timed } from './harness.ts';
import { limit } from './inputs.ts';

/** What a value weighs on average without its signature. */
const MESSAGE_BYTES = 300;
const STRIDE = 64 + MESSAGE_BYTES;

/** How many signatures the listen task may find in one batch. */
const BATCHES = [1, 4, 8, 16, 64] as const;

/** All of mainnet's keys and some more. */
const KEYS = 4_000;

/** Signatures of keys in random order, as they lie in shared memory: signature, then what is signed, key first. */
function signatures(keys: number, count: number): VerifyBatch {
  const rng = seededRng(SEED);
  const seed = new Uint8Array(32);
  const signers = Array.from({ length: keys }, () => {
    rng.fill(seed);
    return createQuickIdentity(seed.slice());
  });
  const bytes = new Uint8Array(new SharedArrayBuffer(count * STRIDE));
  const all = createVerifyBatch(bytes, count);
  for (let i = 0; i < count; i++) {
    const at = i * STRIDE;
    // Each key once, so that all get a table; then whichever.
    const signer = signers[i < keys ? i : rng.below(keys)]!;
    all.signature[i] = at;
    all.key[i] = all.message[i] = at + 64;
    all.messageEnd[i] = at + STRIDE;
    rng.fill(bytes, at + 64, at + STRIDE);
    bytes.set(signer.publicKey, at + 64);
    signer.sign(bytes, at + 64, at + STRIDE, bytes, at);
  }
  all.count = count;
  return all;
}

/** A part of a batch as a batch. */
function part(all: VerifyBatch, first: number, count: number): VerifyBatch {
  const some = createVerifyBatch(all.bytes, count);
  for (const name of ['key', 'signature', 'message', 'messageEnd'] as const) {
    some[name].set(all[name].subarray(first, first + count));
  }
  some.count = count;
  return some;
}

function timed(name: string, verifier: Verifier, batches: readonly VerifyBatch[]): Timed {
  const items = batches.reduce((sum, { count }) => sum + count, 0);
  return {
    name,
    unit: 'signature',
    items,
    run() {
      let good = 0;
      for (const batch of batches) {
        batch.verdict.fill(0);
        verifier.verifyBatch(batch);
        for (let i = 0; i < batch.count; i++) good += batch.verdict[i]!;
      }
      if (good !== items) throw new Error(`${name} refused an honest signature`);
      return good;
    },
  };
}

/** The making of a table, four at a time. */
function building(): Timed & { tableBytes: number } {
  const thread = createKnownKeys(4, seededRng(SEED));
  const { layout } = thread;
  const keys = [1, 2, 3, 4].map((n) => createQuickIdentity(new Uint8Array(32).fill(n)).publicKey);
  return {
    name: 'a table',
    unit: 'key',
    items: 4,
    tableBytes: layout.tableBytes,
    run: () => makeTables(thread, keys, (lane) => layout.tables + lane * layout.tableBytes),
  };
}

/** Is a signature of a known key judged three times as fast as by libsodium, and what does knowing cost? */
export const knownKeys: Suite = {
  name: 'known-keys',
  async questions(mode: Mode) {
    const keys = limit(mode, KEYS, 8);
    const measured = limit(mode, 6_400, 64);
    const all = signatures(keys, keys + measured);
    const known = createVerifier('known', { options: { after: 1, auditOneIn: 1_024 } });
    for (let first = 0; first < keys; first += 64) {
      known.verifyBatch(part(all, first, Math.min(64, keys - first)));
      while (known.spare?.());
    }
    for (let i = 0; i < 64; i++) known.verifyBatch(part(all, 0, 0)); // what waits for company
    while (known.spare?.());
    const cut = (size: number): VerifyBatch[] =>
      Array.from({ length: Math.floor(measured / size) }, (_, i) =>
        part(all, keys + i * size, size),
      );
    const table = building();
    const memory: Gauged = { name: 'memory', unit: 'B/key', gauge: () => table.tableBytes };
    return [
      timed('libsodium', createVerifier('sodium'), cut(64)),
      ...BATCHES.map((size) => timed(`known keys, batches of ${size}`, known, cut(size))),
      table,
      memory,
    ];
  },
  summary(results) {
    const rate = (name: string): number => {
      const result = results.find((one) => one.name === name);
      return result && 'perSecond' in result ? Math.round(result.perSecond) : 0;
    };
    const by = (size: number): number => rate(`known keys, batches of ${size}`);
    const table = results.find(({ name }) => name === 'a table');
    const memory = results.find(({ name }) => name === 'memory');
    return {
      knownKeysPerSecond: by(64),
      libsodiumPerSecond: rate('libsodium'),
      ratio: Number((by(64) / rate('libsodium')).toFixed(2)),
      batches: Object.fromEntries(BATCHES.map((size) => [size, by(size)])),
      keys: KEYS,
      defaultKeys: KNOWN_KEYS_DEFAULTS.keys,
      bytesPerKey: memory && 'value' in memory ? memory.value : 0,
      buildMicrosecondsPerKey: table && 'meanNs' in table ? table.meanNs / 1_000 : 0,
    };
  },
};
