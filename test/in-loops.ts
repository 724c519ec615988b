/** Expectations for loops of thousands: one of the library takes 20 µs, most of which go into being ready to fail. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** As `expect(actual, where).toBe(wanted)`. */
export function expectSame(actual: unknown, wanted: unknown, where?: string): void {
  if (!Object.is(actual, wanted)) expect(actual, where).toBe(wanted);
}

/** As `expect(actual, where).toBeLessThanOrEqual(most)`. */
export function expectAtMost(actual: number, most: number, where?: string): void {
  if (!(actual <= most)) expect(actual, where).toBeLessThanOrEqual(most);
}

/** As `expect(actual, where).toEqual(wanted)`, but that nothing is overlooked. */
export function expectAlike(actual: unknown, wanted: unknown, where?: string): void {
  if (!isDeepStrictEqual(actual, wanted)) expect(actual, where).toStrictEqual(wanted);
}
