import { describe, expect, it } from 'vitest';
import { judgePulled, Pulled } from '../../../src/gossip/pull-response.ts';

const NOW = 1_800_000_000_000;

describe('pulled values', () => {
  const cases = [
    { name: 'new and fresh', overrides: true, age: 0, known: false, is: Pulled.ACTIVE },
    {
      name: 'as old as its timeout',
      overrides: true,
      age: 15_000,
      known: false,
      is: Pulled.ACTIVE,
    },
    {
      name: 'older, of a known origin',
      overrides: true,
      age: 15_001,
      known: true,
      is: Pulled.EXPIRED,
    },
    {
      name: 'older, of a stranger',
      overrides: true,
      age: 15_001,
      known: false,
      is: Pulled.FAILED_TIMEOUT,
    },
    { name: 'not newer than ours', overrides: false, age: 0, known: true, is: Pulled.FAILED },
    { name: 'not newer, and old', overrides: false, age: 99_999, known: false, is: Pulled.FAILED },
    { name: 'from the future', overrides: true, age: -1e9, known: false, is: Pulled.ACTIVE },
  ];
  for (const { name, overrides, age, known, is } of cases) {
    it(name, () => expect(judgePulled(overrides, NOW - age, 15_000, known, NOW)).toBe(is));
  }

  it('of ourselves never time out', () => {
    expect(judgePulled(true, 1, Number.POSITIVE_INFINITY, false, NOW)).toBe(Pulled.ACTIVE);
  });
});
