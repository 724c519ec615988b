import { describe, expect, it } from 'vitest';
import { createIdentity } from '../../../../src/crypto/identity.ts';
import { KeyDirectory } from '../../../../src/crypto/known-keys/directory.ts';
import {
  attachKnownKeys,
  createKnownKeys,
  type KnownKeysThread,
} from '../../../../src/crypto/known-keys/memory.ts';
import { createQuickIdentity } from '../../../../src/crypto/quick-identity.ts';
import { verifyRows } from '../../../../src/crypto/verifier.ts';
import { createVerifier, type Verifier, type VerifyBatch } from '../../../../src/crypto/verify.ts';
import {
  KNOWN_KEYS_DEFAULTS,
  type KnownKeysOptions,
  KnownKeysVerifier,
} from '../../../../src/crypto/verify-known.ts';
import { seededRng } from '../../../../src/util/rng.ts';
import { placeCases, type SignatureCase } from '../signature-cases.ts';

const sodium = createVerifier('sodium');
const rng = seededRng(21);
// The first few sign messages of any length.
const signers = Array.from({ length: 200 }, (_, i) => {
  const seed = new Uint8Array(32);
  rng.fill(seed);
  return i < 4 ? createIdentity(seed) : createQuickIdentity(seed);
});

/** A fresh signature of a signer, good or not. */
function signed(who: number, good = true, length = 40): SignatureCase {
  const signer = signers[who]!;
  const key = signer.publicKey;
  const message = new Uint8Array(length);
  rng.fill(message);
  const signature = new Uint8Array(64);
  signer.sign(message, 0, length, signature, 0);
  if (!good) signature[rng.below(64)]! ^= 1 << rng.below(8);
  return { name: `${who}`, accept: good, key, signature, message };
}

/** Judges by libsodium and notes what it was asked. */
class Noting implements Verifier {
  readonly name = 'sodium';
  asked = 0;
  /** Called in the middle of a batch. */
  meanwhile: () => void = () => {};

  verify(...args: Parameters<Verifier['verify']>): boolean {
    this.asked++;
    this.meanwhile();
    return sodium.verify(...args);
  }

  verifyBatch(batch: VerifyBatch): void {
    verifyRows(this, batch);
  }
}

/** A verifier with few slots, over its own memory or another's. */
function make(
  options: KnownKeysOptions,
  parts: { thread?: KnownKeysThread; auditor?: Verifier; owner?: number } = {},
) {
  const thread = parts.thread ?? createKnownKeys(options.keys ?? 16, seededRng(3));
  const others = new Noting();
  const verifier = new KnownKeysVerifier(thread, {
    others,
    auditor: parts.auditor ?? sodium,
    rng: seededRng(4),
    owner: parts.owner ?? 1,
    options,
    buildMs: 0, // as many steps on a fast machine as on a slow one
  });
  return { thread, others, verifier };
}

/** Has a batch judged and compares. @returns how many signatures others were asked about */
function judge(on: ReturnType<typeof make>, cases: readonly SignatureCase[]): number {
  const batch = placeCases(cases, true);
  batch.verdict.fill(7);
  const before = on.others.asked;
  on.verifier.verifyBatch(batch);
  expect([...batch.verdict]).toEqual(cases.map(({ accept }) => (accept ? 1 : 0)));
  return on.others.asked - before;
}

function finish(on: ReturnType<typeof make>): void {
  while (on.verifier.spare());
  on.verifier.finish();
}

const four = (first: number): number[] => [first, first + 1, first + 2, first + 3];

/** Lets keys recur until they have tables. */
function teach(on: ReturnType<typeof make>, keys: readonly number[], after = 4): void {
  for (let i = 0; i < after; i++)
    judge(
      on,
      keys.map((who) => signed(who)),
    );
  finish(on);
}

describe('memory of tables', () => {
  it('is 64 MiB at most, by default', () => {
    const { handle } = createKnownKeys(KNOWN_KEYS_DEFAULTS.keys, rng);
    expect(handle.memory.buffer.byteLength).toBeLessThanOrEqual(64 * 2 ** 20);
  });
});

describe('which keys get a table', () => {
  it('those of which enough signatures were accepted', () => {
    const on = make({ after: 4 });
    for (let i = 1; i <= 3; i++) {
      expect(
        judge(
          on,
          four(0).map((who) => signed(who)),
        ),
      ).toBe(4);
      finish(on);
      expect(on.verifier.size, `after ${i}`).toBe(0);
    }
    judge(
      on,
      four(0).map((who) => signed(who)),
    );
    finish(on);
    expect(on.verifier.size).toBe(4);
    expect(on.verifier.tally.built).toBe(4);
    expect(
      judge(
        on,
        four(0).map((who) => signed(who, who !== 2)),
      ),
    ).toBe(0);
    expect(on.verifier.tally.byTable).toBe(4);
  });

  it('not those whose signatures were refused', () => {
    const on = make({ after: 1 });
    for (let i = 0; i < 20; i++)
      judge(
        on,
        four(0).map((who) => signed(who, false)),
      );
    finish(on);
    expect(on.verifier.size).toBe(0);
  });

  it('not those of a flood of fresh keys, which does not keep others from theirs either', () => {
    const on = make({ after: 4 });
    for (let i = 0; i < 4; i++) {
      const fresh = Array.from({ length: 40 }, (_, n) => signed(10 + i * 40 + n));
      judge(on, [...fresh, ...four(0).map((who) => signed(who))]);
    }
    finish(on);
    expect(on.verifier.size).toBe(4);
    expect(
      judge(
        on,
        four(0).map((who) => signed(who)),
      ),
    ).toBe(0);
  });

  it('fewer than four after a while', () => {
    const on = make({ after: 2 });
    teach(on, [5], 2);
    expect(on.verifier.size).toBe(0);
    for (let i = 0; i < 64; i++) judge(on, []);
    finish(on);
    expect(on.verifier.size).toBe(1);
    expect(judge(on, [signed(5), signed(5, false)])).toBe(0);
  });

  it('as many as there are slots; one in use is not given up, one unused for long is', () => {
    const on = make({ keys: 8, after: 1 });
    teach(on, four(0), 1);
    teach(on, four(4), 1);
    expect(on.verifier.size).toBe(8);
    teach(on, four(8), 2);
    expect(on.verifier.size).toBe(8);
    expect(
      judge(
        on,
        four(0).map((who) => signed(who)),
      ),
    ).toBe(0);
    // 16 signatures a slot go by, and of the first eight keys four are among them.
    for (let i = 0; i < 40; i++)
      judge(
        on,
        four(0).map((who) => signed(who)),
      );
    teach(on, four(8), 2);
    expect(on.verifier.size).toBe(8);
    expect(
      judge(
        on,
        [...four(0), ...four(8)].map((who) => signed(who)),
      ),
    ).toBe(0);
    expect(
      judge(
        on,
        four(4).map((who) => signed(who)),
      ),
    ).toBe(4);
  });
});

describe('verdicts', () => {
  it('are those of the others, known or not, in batches of every size', () => {
    const on = make({ keys: 64, after: 1 });
    for (let first = 0; first < 48; first += 4) teach(on, four(first), 1);
    expect(on.verifier.size).toBe(48);
    for (const size of [0, 1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 128, 300]) {
      const cases = Array.from({ length: size }, () =>
        signed(rng.below(60), rng.below(4) > 0, rng.below(700)),
      );
      judge(on, cases);
    }
    expect(on.verifier.tally.byTable).toBeGreaterThan(400);
  });

  it('of messages longer than any datagram are left to the others', () => {
    const on = make({ after: 1 });
    teach(on, four(0), 1);
    expect(judge(on, [signed(0, true, 1280), signed(1, true, 1281), signed(2)])).toBe(1);
  });

  it('do not come from a table that changed meanwhile', () => {
    const on = make({ after: 1 });
    teach(on, four(0), 1);
    const { words, layout } = on.thread;
    on.others.meanwhile = () => {
      on.others.meanwhile = () => {};
      Atomics.add(words, layout.versions / 4 + 2, 2);
      on.thread.bytes.fill(0x55, layout.tables, layout.tables + 4 * layout.tableBytes);
    };
    // Four by table, one not, whose turn is when the tables change; then all five by the others.
    expect(
      judge(
        on,
        [...four(0), 9].map((who) => signed(who)),
      ),
    ).toBe(5);
  });

  it('come from the same tables in every thread', () => {
    const on = make({ after: 1 });
    const two = make({ after: 1 }, { thread: attachKnownKeys(on.thread.handle), owner: 2 });
    teach(on, four(0), 1);
    teach(two, four(4), 1);
    const all = [...four(0), ...four(4)];
    for (const each of [on, two])
      expect(
        judge(
          each,
          all.map((who) => signed(who)),
        ),
      ).toBe(0);
  });
});

describe('the builder', () => {
  it('is one thread at a time; a dead one is replaced, and leaves no table behind', () => {
    const on = make({ keys: 4, after: 1 });
    const two = make({ after: 1 }, { thread: attachKnownKeys(on.thread.handle), owner: 2 });
    judge(
      on,
      four(0).map((who) => signed(who)),
    ); // begins, and dies
    expect(on.verifier.size).toBe(0);
    teach(two, four(4), 1);
    expect(two.verifier.size).toBe(0);
    on.verifier.release(1);
    teach(two, four(4), 2);
    expect(two.verifier.size).toBe(4);
    finish(on); // not dead after all: leaves off
    expect(
      judge(
        two,
        [...four(0), ...four(4)].map((who) => signed(who)),
      ),
    ).toBe(4);
    expect(
      judge(
        on,
        four(4).map((who) => signed(who, who !== 5)),
      ),
    ).toBe(0);
  });

  it('finds every key again after many were replaced', () => {
    const thread = createKnownKeys(64, seededRng(5));
    const directory = new KeyDirectory(thread);
    const keys = Array.from({ length: 600 }, () => {
      const key = new Uint8Array(32);
      rng.fill(key);
      return key;
    });
    const held: number[] = [];
    for (const [i, key] of keys.entries()) {
      directory.advance(64 * 16 + 1); // all are idle
      const slot = directory.claim([]);
      expect(slot).toBeGreaterThanOrEqual(0);
      directory.publish(slot, key, 0);
      held.push(i);
      if (held.length > 64) held.shift();
      if (i % 50 !== 0) continue;
      for (const [j, other] of keys.slice(0, i + 1).entries()) {
        const found = directory.find(other, 0, directory.hash(other, 0));
        expect(found >= 0, `key ${j} after ${i}`).toBe(held.includes(j));
      }
    }
    expect(directory.size).toBe(64);
  });
});

describe('the audit', () => {
  it('has one in so many checked again, and says nothing while all is well', () => {
    const on = make({ after: 1, auditOneIn: 20 });
    teach(on, four(0), 1);
    for (let i = 0; i < 100; i++)
      judge(
        on,
        four(0).map((who) => signed(who, i % 3 > 0)),
      );
    const { audited, disagreed } = on.verifier.tally;
    expect(audited).toBeGreaterThan(10);
    expect(audited).toBeLessThan(40);
    expect(disagreed).toBe(0);
    expect(on.verifier.isOff).toBe(false);
  });

  it('ends the use of tables in all threads at the first wrong verdict', () => {
    const liar: Verifier = { ...sodium, name: 'noble', verify: () => false };
    const on = make({ after: 1, auditOneIn: 1 }, { auditor: liar });
    const two = make({}, { thread: attachKnownKeys(on.thread.handle), owner: 2 });
    teach(on, four(0), 1);
    // The four of the lesson were accepted by the others, and the liar denied them too: no fault of tables.
    expect(on.verifier.tally).toMatchObject({ audited: 4, disagreed: 4 });
    expect(on.verifier.isOff).toBe(false);
    expect(judge(on, [signed(0), signed(1)])).toBe(2);
    // One by table, then both by the others.
    expect(on.verifier.tally).toMatchObject({ byTable: 0, audited: 7, disagreed: 7 });
    for (const each of [on, two]) {
      expect(each.verifier.isOff).toBe(true);
      expect(judge(each, [signed(0), signed(1)])).toBe(2);
      expect(each.verifier.spare()).toBe(false);
    }
  });
});
