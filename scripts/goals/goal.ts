/** What a goal is judged by. */

/** One figure beside what it has to be. */
export interface Figure {
  /** `G1` to `G19` of the reliability goals. */
  readonly goal: string;
  readonly what: string;
  /** What it has to be, in words. */
  readonly aim: string;
  /** What it came to. */
  readonly got: string;
  readonly holds: boolean;
  /** Whether it depends on how fast and how busy the machine is: then it is told, and fails nothing. */
  readonly isTiming: boolean;
}

/** Work that gives the figures of some goals. */
export interface Job {
  readonly goals: readonly string[];
  /** What it does, for whoever waits. */
  readonly words: string;
  /** @throws Error when there is nothing to judge by */
  run(): Promise<readonly Figure[]>;
}

/** A figure that must hold on any machine. */
export function counted(
  goal: string,
  what: string,
  aim: string,
  got: string,
  holds: boolean,
): Figure {
  return { goal, what, aim, got, holds, isTiming: false };
}

/** A figure of a machine. */
export function timed(...figure: Parameters<typeof counted>): Figure {
  return { ...counted(...figure), isTiming: true };
}

/** Goals that the other suites judge, and by what. */
export const JUDGED_ELSEWHERE: readonly (readonly [string, string])[] = [
  ['G4', 'agreement with fixtures and captures: npm test, test/vectors.test.ts'],
  ['G5', '300 simulated networks: npm test, test/sim/sim.test.ts'],
  ['G8', 'never more out than in: npm test, test/sim/attacks.test.ts'],
  ['G12', '20 kills while the store is written: npm run test:system, test/process/store.test.ts'],
  ['G15', 'nothing lost to a clock jump: npm test, test/unit/node/timekeeper.test.ts'],
  ['G17', 'the account of every test with a node: test/accounting.ts'],
  ['G19', 'the cheap planted bugs: npm test, test/sim; all 17: npm run planted'],
];
