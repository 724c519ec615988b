import { describe, expect, it } from 'vitest';
import { FATAL_FAILURES, Restarts, SHRINK_FAILURES } from '../../../src/node/restarts.ts';
import { ManualClock } from '../../../src/util/clock.ts';

describe('deaths of threads', () => {
  const cases = [
    { name: 'five within a minute', everyMs: 14_000, deaths: 5, lately: SHRINK_FAILURES },
    { name: 'five in more than a minute', everyMs: 15_000, deaths: 5, lately: 4 },
    { name: 'twenty within ten minutes', everyMs: 31_000, deaths: 20, lately: FATAL_FAILURES },
    { name: 'twenty in more than ten minutes', everyMs: 32_000, deaths: 20, lately: 2 },
    { name: 'one a minute for a day', everyMs: 60_000, deaths: 1_440, lately: 1 },
  ];
  for (const { name, everyMs, deaths, lately } of cases) {
    it(`${name} count as ${lately}`, () => {
      const clock = new ManualClock();
      const restarts = new Restarts(clock);
      let last = 0;
      for (let i = 0; i < deaths; i++) {
        if (i > 0) clock.advance(everyMs);
        last = restarts.note();
      }
      expect([last, restarts.total]).toEqual([lately, deaths]);
    });
  }
});
