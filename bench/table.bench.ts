import { Outcome } from '../src/util/outcome.ts';
import { fillTable } from './filled-table.ts';
import { type Mode, mix, SEED, type Suite, type Timed } from './harness.ts';
import { limit } from './inputs.ts';

/** How many values a second does a table of the real network's size take? */
export const table: Suite = {
  name: 'table',
  async questions(mode: Mode) {
    // The cost of a value must not depend on how many there are.
    const [small, large] = [limit(mode, 1_000, 100), limit(mode, 100_000, 1_000)];
    return [...(await questionsOf(small, mode)), ...(await questionsOf(large, mode))];
  },
};

async function questionsOf(size: number, mode: Mode): Promise<Timed[]> {
  const work = Math.min(size, limit(mode, 5_000, 50));
  const filled = await fillTable(size, work);
  const { labels, upsert } = filled;
  const at = `at ${size.toLocaleString('en')} rows`;
  let round = 0;

  const upserts = (name: string, first: number, expected: number, younger: boolean): Timed => ({
    name: `${name} ${at}`,
    unit: 'value',
    items: work,
    run() {
      if (younger) round++;
      let sum = SEED;
      for (let i = first; i < first + work; i++) {
        const outcome = upsert(labels[i]!, younger ? round : 0);
        if (outcome !== expected) throw new Error(`${name}: outcome ${outcome}`);
        sum = mix(sum, outcome + i);
      }
      return sum;
    },
  });

  const inserting: Timed = {
    ...upserts('upsert, new', size, Outcome.VALUE_INSERTED, false),
    reset() {
      const { view } = filled.table;
      for (let row = view.order.last(0); filled.table.size > size; row = view.order.last(0)) {
        filled.table.remove(row, 0);
      }
    },
  };
  return [
    upserts('upsert, duplicate', 0, Outcome.VALUE_DUPLICATE, false),
    inserting,
    upserts('upsert, update', size - work, Outcome.VALUE_UPDATED, true),
    upserts('upsert, outdated', size - work, Outcome.VALUE_OUTDATED, false),
  ];
}
