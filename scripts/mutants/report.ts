/** What came of the mutants, for people. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bench/harness.ts';
import type { Fate } from './driver.ts';
import type { Mutant } from './instrument.ts';

/** How a mutant is named in lists: lines move, words stay. */
export function nameOf({ code, from, to }: Mutant): string {
  return from === code ? `${from} → ${to}` : `${code} | ${from} → ${to}`;
}

const reasons = readReasons(readFileSync(join(ROOT, 'docs', 'mutants.md'), 'utf8'));

/**
 * Reads the list of what cannot be noticed: a heading with a file, paragraphs with a reason, and below each
 * the mutants, indented, as lists of survivors name them.
 */
function readReasons(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let file = '';
  let why = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) file = line.startsWith('### src/') ? line.slice(4) : '';
    else if (line.startsWith('    ')) found.set(`${file} ${line.slice(4)}`, why);
    else if (line !== '') why = line;
  }
  return found;
}

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
