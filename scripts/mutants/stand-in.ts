/**
 * As much of vitest's interface as fast tests use. Test files of a sandbox import this in its place: their
 * tests stay in memory and run again for each mutant, which takes milliseconds and no process.
 */
import * as vitest from '@vitest/expect';

/** A test that can be run as often as is needed. */
export interface Case {
  readonly name: string;
  run(): unknown;
}

/** All tests of all files that were loaded, in order. */
export const cases: Case[] = [];

const titles: string[] = [];
let opened: Promise<unknown> = Promise.resolve();

/** Tests must be found before they can run. @returns when every `describe` has come to its end */
export async function settled(): Promise<void> {
  for (let seen: unknown; seen !== opened; ) {
    seen = opened;
    await opened;
  }
}

vitest.chai.use(vitest.JestExtend);
vitest.chai.use(vitest.JestChaiExpect);
vitest.chai.use(vitest.JestAsymmetricMatchers);
vitest.chai.config.truncateThreshold = 0;

/** Vitest's own assertions. */
export const expect = Object.assign(
  (value: unknown, message?: string) => vitest.chai.expect(value, message),
  vitest.chai.expect,
  (globalThis as Record<symbol, object>)[vitest.ASYMMETRIC_MATCHERS_OBJECT],
);
vitest.setState({ assertionCalls: 0 } as never, expect as never);
(vitest.chai.expect as unknown as { extend(to: object, matchers: object): void }).extend(
  expect,
  vitest.customMatchers,
);
Object.defineProperty(globalThis, vitest.GLOBAL_EXPECT, { value: expect });

type Body = (...args: never[]) => unknown;

function register(name: string, ...rest: unknown[]): void {
  const body = rest.find((one) => typeof one === 'function') as Body;
  cases.push({ name: [...titles, name].join(' > '), run: () => body() });
}

function group(name: string, ...rest: unknown[]): void {
  const body = rest.find((one) => typeof one === 'function') as Body;
  const outside = [...titles];
  titles.push(name);
  const result = body();
  if (result instanceof Promise) {
    // It goes on with its own titles while others are described; names only have to be told apart.
    opened = Promise.all([opened, result]);
  }
  titles.splice(0, titles.length, ...outside);
}

/** One for each row; an array is spread over the parameters. */
const eachOf =
  (one: (name: string, body: Body) => void) =>
  (rows: readonly unknown[]) =>
  (name: string, ...rest: unknown[]): void => {
    const body = rest.find((value) => typeof value === 'function') as Body;
    for (const [i, row] of rows.entries()) {
      const args = (Array.isArray(row) ? row : [row]) as never[];
      one(`${name} [${i}]`, () => body(...args));
    }
  };

/** Vitest's `it`. */
export const it = Object.assign(register, { each: eachOf(register) });
/** Vitest's `test`. */
export const test = it;
/** Vitest's `describe`. */
export const describe = Object.assign(group, { each: eachOf(group) });
