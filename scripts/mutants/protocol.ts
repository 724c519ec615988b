/** What the driver and its worker tell each other. */

/** A budget that says: everything, however long it takes. @units ms */
export const THOROUGH_MS = 1e9;

/** What a worker is to do: everything it needs, in a file. */
export interface Order {
  /** Test files, as addresses, in order. */
  readonly tests: readonly string[];
  /** How many mutants there are. */
  readonly mutants: number;
  /** Mutants to run. */
  readonly ids: readonly number[];
  /** A file with what tests reach; without one, that is to be found out. */
  readonly coverage?: string;
  /** Tests of a mutant end after so long, as they take without it. @units ms */
  readonly budgetMs: number;
  /** Whether the one mutant is on from the start. */
  readonly fromStart: boolean;
}

/** What tests reach. */
export interface Covered {
  /** Mutants that are reached while modules load. */
  readonly atLoad: number[];
  readonly tests: {
    readonly name: string;
    readonly ms: number;
    /** Why it cannot be used. */
    readonly problem: string | undefined;
    /** Whether it is left out: too slow, or with a problem. */
    readonly isOut: boolean;
    /** Pairs of mutant and how often it is reached. */
    readonly reached: [number, number][];
  }[];
}

/** How it went with a mutant. */
export type Status = 'killed' | 'endless' | 'survived' | 'unreached';

/** A line of a worker. */
export type Line =
  | { readonly covered: Covered }
  | { readonly begin: number }
  | { readonly alive: number }
  | { readonly spoilt: number }
  | {
      readonly end: number;
      readonly status: Status;
      readonly by: string | undefined;
      readonly ms: number;
    };
