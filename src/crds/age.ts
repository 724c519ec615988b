/**
 * The age of a value counts from its wallclock or from when we received it, whichever is longer ago: a
 * wallclock in the future buys nothing. Both are kept on the steady clock, which the wall clock is compared
 * with once, when a value comes in: a jump of our clock makes nothing older or younger.
 */
import type { RegionColumns } from '../shm/regions.ts';
import { Kind } from '../wire/limits.ts';
import type { TableView } from './view.ts';

/** The time that the age of a row counts from, ms of the steady clock: smaller is older. */
export function ageKey(table: RegionColumns<'table'>, row: number): number {
  return Math.min(table.signed[row]!, table.inserted[row]!);
}

/**
 * The oldest value of an origin that may leave for another: any but its contact info, without which all
 * its other values would be strangers'.
 *
 * @returns a row other than `exceptRow`, or -1
 */
export function oldestOfOrigin(view: TableView, peer: number, exceptRow: number): number {
  const c = view.columns;
  let oldest = -1;
  for (let row = view.owners.first(peer); row >= 0; row = view.owners.next(row)) {
    if (row === exceptRow || c.kind[row] === Kind.CONTACT_INFO) continue;
    if (oldest < 0 || isOlder(c, row, oldest)) oldest = row;
  }
  return oldest;
}

/**
 * Would enough room come free if the values of an origin left that are at least as old as `age`, its
 * contact info and one row excepted?
 *
 * @units values, bytes: what must come free, not positive when that is enough already
 */
export function canMakeRoom(
  view: TableView,
  peer: number,
  exceptRow: number,
  age: number,
  values: number,
  bytes: number,
): boolean {
  const c = view.columns;
  let freeValues = 0;
  let freeBytes = 0;
  for (let row = view.owners.first(peer); row >= 0; row = view.owners.next(row)) {
    if (row === exceptRow || c.kind[row] === Kind.CONTACT_INFO || ageKey(c, row) > age) continue;
    freeValues++;
    freeBytes += c.length[row]!;
  }
  return freeValues >= values && freeBytes >= bytes;
}

function isOlder(c: RegionColumns<'table'>, row: number, than: number): boolean {
  const difference = ageKey(c, row) - ageKey(c, than);
  return difference !== 0 ? difference < 0 : c.ordinal[row]! < c.ordinal[than]!;
}
