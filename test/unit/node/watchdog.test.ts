import { describe, expect, it } from 'vitest';
import { watchMain } from '../../../src/node/watchdog.ts';
import { TestNode } from './harness.ts';

const LIMITS = { lookMs: 1_000, silentLooks: 5, hungLooks: 30 };

/** Watches a main that beats at the looks given. @returns what was said, and after how many looks it was killed */
function watched(looks: number, beats: (look: number) => boolean) {
  const heartbeats = new Int32Array(16);
  const said: { msg: string; silentMs: number; level: number }[] = [];
  let look = 0;
  let killedAt: number | undefined;
  watchMain({
    heartbeats,
    limits: LIMITS,
    isOver: () => look > looks,
    sleep(ms) {
      expect(ms).toBe(LIMITS.lookMs);
      if (beats(++look)) heartbeats[0]! += 1;
    },
    say: (text) => said.push(JSON.parse(text)),
    kill() {
      killedAt = look;
    },
  });
  return { said: said.map(({ msg, silentMs }) => `${silentMs / 1_000} s: ${msg}`), killedAt };
}

describe('the watchdog', () => {
  it('says nothing of a main that lives, however slowly', () => {
    expect(watched(200, (look) => look % 5 === 0)).toEqual({ said: [], killedAt: undefined });
  });

  it('says that main is silent after 5 s, and that it is back', () => {
    expect(watched(40, (look) => look < 10 || look > 20)).toEqual({
      said: ['5 s: the main thread shows no sign of life', '11 s: the main thread is back'],
      killedAt: undefined,
    });
  });

  it('ends the process after 30 s of silence, and not before', () => {
    expect(watched(100, (look) => look <= 10)).toEqual({
      said: [
        '5 s: the main thread shows no sign of life',
        '30 s: the main thread hangs: the process is ended',
      ],
      killedAt: 40,
    });
    expect(watched(100, (look) => look % 30 === 0).killedAt).toBeUndefined();
  });

  it('is over when main says so', () => {
    expect(watched(4, () => false)).toEqual({ said: [], killedAt: undefined });
  });
});

it('main beats in every round', () => {
  const test = new TestNode().run(0);
  const { heartbeats } = test.parts.regions.control;
  const before = heartbeats[0]!;
  test.run(1_000);
  expect(heartbeats[0]! - before).toBe(10);
});
