import type { ValueColumns } from './columns.ts';

/** Rewrites a value to its canonical form in place; it never grows. @returns its new length */
export function canonicalizeValue(
  _bytes: Uint8Array,
  _columns: ValueColumns,
  _row: number,
): number {
  throw new Error('not written yet');
}
