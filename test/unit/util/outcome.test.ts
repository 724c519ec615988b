import { describe, expect, it } from 'vitest';
import {
  OUTCOME_COUNT,
  Outcome,
  outcomeMeaning,
  outcomeName,
  outcomeStage,
} from '../../../src/util/outcome.ts';

const entries = Object.entries(Outcome);

describe('outcomes', () => {
  it('are 0 and below, each once, without a gap', () => {
    expect(entries.length).toBe(OUTCOME_COUNT);
    expect(entries.map(([, code]) => code)).toEqual(entries.map((_, i) => (i === 0 ? 0 : -i)));
    expect(Outcome.OK).toBe(0);
  });

  it('have a name, a stage and words', () => {
    for (const [name, code] of entries) {
      expect(outcomeName(code)).toBe(name);
      expect(name).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
      expect(outcomeMeaning(code).length, name).toBeGreaterThan(10);
      expect(outcomeMeaning(code), name).not.toMatch(/\.$/);
      const stages = ['decode', 'sanitize', 'signature', 'policy', 'value', 'shed'];
      expect(code === 0 ? ['accepted'] : stages, name).toContain(outcomeStage(code));
    }
  });

  // These stand in files and in other programs: they may be added to, never moved.
  const frozen = [
    ['OK', 0, 'accepted'],
    ['PACKET_EMPTY', -1, 'decode'],
    ['VARINT_NOT_CANONICAL', -7, 'decode'],
    ['MASK_BITS_TOO_FEW', -30, 'sanitize'],
    ['PING_SIGNATURE', -41, 'signature'],
    ['PACKET_NO_VALUES', -45, 'policy'],
    ['VALUE_INSERTED', -57, 'value'],
    ['SHED_RING_FULL', -71, 'shed'],
    ['TASK_FAILED', -78, 'shed'],
  ] as const;
  for (const [name, code, stage] of frozen) {
    it(`${name} is ${code}`, () => {
      expect([Outcome[name], outcomeStage(code)]).toEqual([code, stage]);
    });
  }

  for (const code of [1, -OUTCOME_COUNT, Number.NaN, -0.5]) {
    it(`${code} is none`, () => {
      expect(() => outcomeName(code)).toThrow(RangeError);
      expect(() => outcomeStage(code)).toThrow(RangeError);
    });
  }
});
