import { describe, expect, it } from 'vitest';
import { MEMORY_CEILING_BYTES } from '../../../src/node/bounds.ts';
import { EXIT_BROKEN, EXIT_MEMORY, Guard } from '../../../src/node/guard.ts';
import { Counter } from '../../../src/shm/counters.ts';
import type { SpyError } from '../../../src/util/assert.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { peers, TestNode } from './harness.ts';

const LOOK_MS = 5_000;

function guarded(share: () => number) {
  const test = new TestNode();
  const errors: SpyError[] = [];
  const rssBytes = (): number => share() * MEMORY_CEILING_BYTES;
  const guard = new Guard(test.parts, rssBytes, (error) => errors.push(error as SpyError));
  guard.start();
  return { test, guard, errors };
}

describe('the memory of the process', () => {
  it('may be anything below four fifths of the ceiling', () => {
    const { test, guard, errors } = guarded(() => 0.79);
    test.run(600_000);
    const aboutMemory = test.logged.filter(({ message }) => message.includes('memory'));
    expect([guard.shed, errors, aboutMemory]).toEqual([0, [], []]);
    guard.stop();
  });

  it('from there on costs what others repeat anyway', () => {
    let share = 0.81;
    const { test, guard, errors } = guarded(() => share);
    const [alice, bob] = peers(2);
    test.from(alice!, alice!.push(bob!.contact()));
    expect(test.parts.unproved.size).toBe(1);
    test.run(LOOK_MS);
    expect([test.parts.unproved.size, guard.shed]).toEqual([0, 1]);
    share = 0.5;
    test.run(60_000);
    expect([guard.shed, errors]).toEqual([1, []]);
    guard.stop();
  });

  it('ends the process when it stays above the ceiling, not for one peak', () => {
    let looks = 0;
    const peak = guarded(() => (++looks % 3 === 0 ? 0.9 : 1.1));
    peak.test.run(60_000);
    expect(peak.errors).toEqual([]);
    peak.guard.stop();
    const { test, errors } = guarded(() => 1.1);
    test.run(60_000);
    expect(errors.map(({ code, exitStatus }) => [code, exitStatus])).toEqual([
      ['MEMORY_CEILING', EXIT_MEMORY],
    ]);
  });
});

describe('the table', () => {
  it('is looked at once a minute, and given up when it is broken', () => {
    const { test, errors } = guarded(() => 0.1);
    const [alice] = peers(1);
    test.meet(alice!).run(120_000);
    expect(errors).toEqual([]);
    const { view, counters } = test.parts;
    const row = view.find(Kind.CONTACT_INFO, 0, alice!.key, 0);
    view.columns.wallclock[row]! += 1;
    test.run(61_000);
    expect(errors.map(({ code, exitStatus }) => [code, exitStatus])).toEqual([
      ['TABLE_BROKEN', EXIT_BROKEN],
    ]);
    expect(errors[0]?.message).toMatch(/T1 row \d+: decodes to/);
    expect(counters[Counter.INVARIANTS_VIOLATED]).toBe(1);
    view.columns.wallclock[row]! -= 1;
  });
});
