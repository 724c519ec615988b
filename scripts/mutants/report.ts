/** What came of the mutants, for people. */
import type { Fate } from './driver.ts';
import { EQUIVALENT } from './equivalent.ts';
import type { Mutant } from './instrument.ts';

/** How a mutant is named in lists: lines move, words stay. */
export function nameOf({ code, from, to }: Mutant): string {
  return from === code ? `${from} → ${to}` : `${code} | ${from} → ${to}`;
}

const reasons = new Map(
  EQUIVALENT.flatMap(({ file, why, mutants }) => mutants.map((name) => [`${file} ${name}`, why])),
);

/** Why a mutant is no mistake, undefined when that is not known. */
export function reasonOf(mutant: Mutant): string | undefined {
  return reasons.get(`${mutant.file} ${nameOf(mutant)}`);
}

/** Counts of one row of the table. */
interface Row {
  mutants: number;
  killed: number;
  endless: number;
  equivalent: number;
  open: number;
}

/** Counts by file, and of all. */
export function countFates(
  mutants: readonly Mutant[],
  fates: ReadonlyMap<number, Fate>,
): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const mutant of mutants) {
    const fate = fates.get(mutant.id);
    if (fate === undefined) continue;
    for (const name of [mutant.file, 'all']) {
      const row = rows.get(name) ?? { mutants: 0, killed: 0, endless: 0, equivalent: 0, open: 0 };
      row.mutants++;
      if (fate.status === 'killed') row.killed++;
      else if (fate.status === 'endless') row.endless++;
      else if (reasonOf(mutant) !== undefined) row.equivalent++;
      else row.open++;
      rows.set(name, row);
    }
  }
  return new Map([...rows].sort(([a], [b]) => Number(a === 'all') - Number(b === 'all')));
}

/** A table: percentages of all mutants, and of those that are mistakes. */
export function renderCounts(rows: ReadonlyMap<string, Row>): string {
  const lines = [
    '| file | mutants | killed | endless | equivalent | open | of all | of mistakes |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
  ];
  for (const [name, { mutants, killed, endless, equivalent, open }] of rows) {
    const percent = (all: number): string => `${((100 * (killed + endless)) / all).toFixed(1)} %`;
    const cells = [name, mutants, killed, endless, equivalent, open];
    lines.push(`| ${[...cells, percent(mutants), percent(mutants - equivalent)].join(' | ')} |`);
  }
  return lines.join('\n');
}

/** Mutants that nothing noticed and nobody explained, one a line. */
export function renderOpen(mutants: readonly Mutant[], fates: ReadonlyMap<number, Fate>): string {
  return mutants
    .filter((one) => ['survived', 'unreached'].includes(fates.get(one.id)?.status ?? ''))
    .filter((one) => reasonOf(one) === undefined)
    .map((one) => {
      const mark = fates.get(one.id)?.status === 'unreached' ? ' (no test comes here)' : '';
      return `${one.file}:${one.line}:${one.column} ${nameOf(one)}${mark}`;
    })
    .join('\n');
}
