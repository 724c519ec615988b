/** A bug in Earshot itself: never caught, ends the process after what is buffered was written. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Something the operator or the machine must mend: a stable code, a sentence, what to do next. */
export class SpyError extends Error {
  override name = 'SpyError';
  readonly code: string;
  /** Exit status of the command line; 1 unless a command specifies another. */
  readonly exitStatus: number;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; exitStatus?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitStatus = options.exitStatus ?? 1;
  }
}

/** Throws AssertionError when a condition that "cannot fail" does. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the default branch of a switch that the types say is exhaustive. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
