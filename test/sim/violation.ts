/** A promise that was broken, in the checker's words. */
export class Violation extends Error {
  override name = 'Violation';
  /** Number of the promise in the list of reliability goals, such as `C7`. */
  readonly rule: string;

  constructor(rule: string, words: string) {
    super(`${rule}: ${words}`);
    this.rule = rule;
  }
}

/** Throws unless a promise is kept. */
export function promise(rule: string, kept: boolean, words: () => string): asserts kept {
  if (!kept) throw new Violation(rule, words());
}
