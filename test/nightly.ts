/** The two lengths of a test: what fits into the minute of `npm test`, and all of `npm run test:nightly`. */

/** Whether there is all night. */
export const IS_NIGHTLY = process.env['NIGHTLY'] === '1';

/**
 * Cases, rounds or milliseconds of a test that proves more the longer it runs.
 *
 * @param few in `npm test`
 * @param all in `npm run test:nightly`
 */
export function many(few: number, all: number): number {
  return IS_NIGHTLY ? all : few;
}

/**
 * Cases of a property: as many as CASES says (`npm run test:properties`), else as `many`.
 *
 * @param few in `npm test`
 * @param all in `npm run test:nightly`
 */
export function propertyCases(few: number, all = few): number {
  const asked = process.env['CASES'];
  return asked === undefined ? many(few, all) : Number(asked);
}
