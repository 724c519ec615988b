/** Mutants that no test can notice, each group with the reason; all were read by somebody. */
interface Group {
  readonly file: string;
  readonly why: string;
  /** As the list of survivors names them. */
  readonly mutants: readonly string[];
}

/** In the order of the files. */
export const EQUIVALENT: readonly Group[] = [];
