import { afterEach, describe, expect, it, vi } from 'vitest';
import { ChangeBatch } from '../../../src/api/change.ts';
import { printChanges } from '../../../src/cli/follow.ts';

type Written = (error?: Error | null) => void;

/** Standard output with a reader who leaves after some writes, or a disk that is full. */
function stdout(fails: { after: number; code: string }): string[] {
  const taken: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation(((text: string, done: Written) => {
    if (taken.length === fails.after) done(Object.assign(new Error('no'), { code: fails.code }));
    else {
      taken.push(text);
      done();
    }
    return true;
  }) as typeof process.stdout.write);
  return taken;
}

/** A spy to which three things happen; says whether it was listened to until the end. */
function makeSpy() {
  const spy = {
    isLeft: false,
    async *observe() {
      try {
        for (const line of ['a', 'b', 'c']) yield new ChangeBatch(`"${line}"\n`);
      } finally {
        spy.isLeft = true;
      }
    },
  };
  return spy;
}

describe('following', () => {
  afterEach(() => vi.restoreAllMocks());

  const cases = [
    { name: 'goes on to the end', after: 9, code: '-', prints: 3, rejects: undefined },
    {
      name: 'ends when nobody reads any more',
      after: 1,
      code: 'EPIPE',
      prints: 1,
      rejects: undefined,
    },
    { name: 'fails on a full disk', after: 2, code: 'ENOSPC', prints: 2, rejects: 'OUTPUT_FAILED' },
  ];
  for (const { name, after, code, prints, rejects } of cases) {
    it(name, async () => {
      const taken = stdout({ after, code });
      const spy = makeSpy();
      let before = 0;
      const error = await printChanges(spy, () => before++).then(
        () => undefined,
        (reason: { code: string }) => reason.code,
      );
      vi.restoreAllMocks();
      expect(error, name).toBe(rejects);
      expect(taken, name).toEqual(['"a"\n', '"b"\n', '"c"\n'].slice(0, prints));
      expect(before, name).toBe(Math.min(3, prints + 1));
      expect(spy.isLeft, name).toBe(true);
    });
  }
});
