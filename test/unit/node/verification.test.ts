import { describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../../src/node/ports.ts';
import { pickVerifier, watchVerifier } from '../../../src/node/verification.ts';
import { Counter, counterBlock } from '../../../src/shm/counters.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { ManualClock } from '../../../src/util/clock.ts';

/** A logger that keeps what it is told, as `level: message`. */
function noting() {
  const lines: string[] = [];
  const note = (level: string) => (fields: object, message: string) => {
    lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  };
  const levels = { info: note('info'), warn: note('warn'), error: note('error') };
  return { lines, logger: { ...SILENT_LOGGER, ...levels } };
}

describe('the choice of who verifies', () => {
  it('is tables for known keys by default, which the log says', () => {
    const { lines, logger } = noting();
    const verifier = pickVerifier('auto', { keys: 16 }, logger);
    expect(verifier.name).toBe('known');
    expect(lines).toEqual(['info: tables for known keys {"verifier":"known","others":"sodium"}']);
  });

  it('is whatever was asked for', () => {
    const { lines, logger } = noting();
    expect(pickVerifier('openssl', undefined, logger).name).toBe('openssl');
    expect(lines).toEqual(['info: signatures one by one {"verifier":"openssl"}']);
  });
});

describe('what threads can only count', () => {
  it('is logged once each time it happens', () => {
    const { lines, logger } = noting();
    const regions = createRegions(SMALL_CAPACITIES, false);
    const clock = new ManualClock();
    const stop = watchVerifier(regions, clock, logger);
    const counters = counterBlock(regions.counters, 3);
    clock.advance(5_000);
    expect(lines).toEqual([]);
    counters[Counter.AUDIT_DISAGREEMENTS]! += 1;
    counters[Counter.THREADS_WITHOUT_TABLES]! += 1;
    clock.advance(5_000);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^error: .*judged wrongly, as a second verifier says.*"disagreements":1/,
    );
    expect(lines[1]).toMatch(/^warn: a thread verifies without tables.*"threads":1/);
    stop();
    counters[Counter.AUDIT_DISAGREEMENTS]! += 1;
    clock.advance(5_000);
    expect(lines).toHaveLength(2);
  });
});
