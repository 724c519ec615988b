/** How numbers, times and slots are said to people. */

const MAX_DATE_MS = 8.64e15;
/** Runs of slots that are written out; a bitmap can hold thousands of single ones. */
const MAX_RUNS = 100;

/** With a comma for thousands: `1,232`. */
export function grouped(value: number | bigint): string {
  return value.toLocaleString('en-US');
}

/** A count and its noun: `1 byte`, `1,232 bytes`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A share as it is read: `15.4 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** A length of time in the unit that fits: `71 ms`, `19.1 s`, `12 min`, `5.2 h`, `12 days`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 6_000_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  const days = Math.round(ms / 86_400_000);
  return days < 1000 ? `${days} days` : `${grouped(Math.round(days / 365.25))} years`;
}

/** A time in UTC: `2026-11-21 10:03:58.401Z`; beyond the calendar the number of milliseconds. */
export function time(ms: number): string {
  if (!(Math.abs(ms) <= MAX_DATE_MS)) return `${ms} ms`;
  return new Date(ms).toISOString().replace('T', ' ');
}

/** A time and how long before or after the capture it was, where that is known. */
export function timeAndAge(ms: number, captureMs: number | undefined): string {
  if (captureMs === undefined) return time(ms);
  const difference = captureMs - ms;
  const side = difference < 0 ? 'after' : 'before';
  return `${time(ms)} (${duration(Math.abs(difference))} ${side} capture)`;
}

/** Ascending slots with runs of neighbours written as `1000–1010`; others keep their order. */
export function slotRuns(slots: readonly string[]): string {
  const runs: [bigint, bigint][] = [];
  for (const text of slots) {
    const slot = BigInt(text);
    const run = runs.at(-1);
    if (run && slot === run[1] + 1n) run[1] = slot;
    else runs.push([slot, slot]);
  }
  const shown = runs
    .slice(0, MAX_RUNS)
    .map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`))
    .join(', ');
  if (runs.length <= MAX_RUNS) return shown;
  return `${shown} … and ${grouped(runs.length - MAX_RUNS)} more runs up to ${slots.at(-1)}`;
}
