/** What a check came to, and how it is told. */

/** `skip`: it could not be made, because of what an earlier one found. */
export type Status = 'ok' | 'warn' | 'fail' | 'skip';

/** What one check found. */
export interface Finding {
  /** Stable, for scripts. */
  readonly check: string;
  readonly status: Status;
  /** What was found, a sentence without its end. */
  readonly found: string;
  /** What to do about it; null where there is nothing to mend. */
  readonly mend: string | null;
}

/** All is well. */
export const ok = (check: string, found: string): Finding => ({
  check,
  status: 'ok',
  found,
  mend: null,
});

/** It works, but not as well as it could. */
export const warn = (check: string, found: string, mend: string): Finding => ({
  check,
  status: 'warn',
  found,
  mend,
});

/** A spy will not work so. */
export const fail = (check: string, found: string, mend: string): Finding => ({
  check,
  status: 'fail',
  found,
  mend,
});

/** Nothing can be said. */
export const skip = (check: string, found: string): Finding => ({
  check,
  status: 'skip',
  found,
  mend: null,
});

/** One line for a finding: how it went, of what, what was found, and how to mend it. */
export function findingLine({ check, status, found, mend }: Finding): string {
  const line = `${status.padEnd(4)}  ${check.padEnd(17)}  ${found}`;
  return mend === null ? line : `${line}. Mend: ${mend}`;
}

/** What an error says, without its last full stop: more follows. */
export const words = (error: unknown): string => (error as Error).message.replace(/\.$/, '');

/** Bytes as people read them. */
export function size(bytes: number): string {
  if (bytes >= 2 ** 20) return `${+(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${Math.round(bytes / 1024)} KiB`;
}
