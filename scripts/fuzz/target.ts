/** What the fuzzer needs to know of something that can be fuzzed. */
import type { Rng } from '../../src/util/rng.ts';

/** An oracle was unhappy. Anything else that `run` throws counts as a finding just the same. */
export class Finding extends Error {
  override name = 'Finding';
}

/** What a target may use; everything drawn comes from `rng`, so that a seed repeats a run. */
export interface FuzzContext {
  readonly rng: Rng;
  /** Notes that a named point was reached: one of the target's canaries. */
  readonly reach: (point: string) => void;
}

/** A target in operation. It may keep state for speed, never so that one input changes what another does. */
export interface Runner {
  /**
   * Runs one input.
   *
   * @throws Finding, or whatever the code under test throws
   * @returns a small number that tells kinds of behaviour apart; a new one makes the input worth keeping
   */
  run(input: Uint8Array): number | Promise<number>;
  /** Makes an input out of one that is worth keeping, and perhaps another; left out, bytes are bytes. */
  mutate?(input: Uint8Array, other: Uint8Array): Uint8Array;
  /** Ends what the target started. */
  close?(): void | Promise<void>;
}

/** Something to fuzz: `scripts/fuzz/<name>.ts` exports one as `target`. */
export interface FuzzTarget {
  readonly name: string;
  /** One line for people: what is done with an input, and what must hold. */
  readonly about: string;
  /** Source files whose branches lead the search, by path from the root of the repository. */
  readonly branches: RegExp;
  /** Points that the corpus must reach. The fuzzer adds one that cannot be reached, to prove the check. */
  readonly canaries: readonly string[];
  /** Longest input. @units bytes */
  readonly maxBytes: number;
  /** Longest that an input may take where it is more than one packet or file; 50 when left out. @units ms */
  readonly mostMs?: number;
  /** Runs between two starts of a fresh runner, for targets whose memory grows; endless when left out. */
  readonly runsPerRunner?: number;
  /** How many steps an input is, where it is a whole story; 1 when left out. */
  steps?(input: Uint8Array): number;
  /** Inputs to begin with, besides the committed corpus. */
  seeds(): readonly Uint8Array[];
  open(context: FuzzContext): Runner | Promise<Runner>;
}

/** The canary that nothing reaches: if it counts as reached, the check is broken. */
export const UNREACHABLE = 'unreachable';

/**
 * Compares what was reached with what has to be.
 * @returns canaries that were not reached, without `UNREACHABLE`; and whether the check proved itself
 */
export function judgeCanaries(
  canaries: readonly string[],
  reached: ReadonlySet<string>,
): { missing: string[]; isProved: boolean } {
  const missing = [...canaries, UNREACHABLE].filter((name) => !reached.has(name));
  return {
    missing: missing.filter((name) => name !== UNREACHABLE),
    isProved: missing.includes(UNREACHABLE),
  };
}
