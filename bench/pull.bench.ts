import { collectRows, planShards, ShardRange } from '../src/crds/shards.ts';
import { createIdentity } from '../src/crypto/identity.ts';
import type { FilterSet } from '../src/gossip/filter-set.ts';
import { FilterPlan, filterShape } from '../src/gossip/pull-request.ts';
import { PullAnswers } from '../src/gossip/pull-serve.ts';
import { Deck } from '../src/gossip/sample.ts';
import { FilterRange } from '../src/shm/task-cells.ts';
import { GossipTask } from '../src/tasks/gossip.ts';
import { TASK_HASHES } from '../src/tasks/work.ts';
import { writeU32 } from '../src/util/bytes.ts';
import { seededRng } from '../src/util/rng.ts';
import type { FilterParts } from '../src/wire/encode.ts';
import { PacketFields } from '../src/wire/skim.ts';
import { type FilledTable, fillTable } from './filled-table.ts';
import { type Mode, mix, SEED, type Suite, type Timed } from './harness.ts';
import { limit } from './inputs.ts';

/** A signed contact info as a spy publishes it. */
const CALLER_BYTES = 240;

/** Values that may leave in answer to one batch; far from what one request asks for. */
const PLENTY = 1e9;

const MAX_ENTRIES = 4_096;

function walking({ table }: FilledTable, maskBits: number): Timed {
  const range = new ShardRange();
  const rows = new Int32Array(MAX_ENTRIES);
  const high = (partition: number): number => (partition * 2 ** (32 - maskBits)) >>> 0;
  planShards(range, 0, high(1), maskBits);
  const entries = collectRows(table.view, range, 0, rows);
  return {
    name: `walk the shards of one mask, ${maskBits} bits`,
    unit: 'entry',
    items: Math.max(1, entries),
    run() {
      planShards(range, 0, high(1), maskBits);
      const listed = collectRows(table.view, range, 0, rows);
      return mix(mix(SEED, listed), rows[listed >> 1]!);
    },
  };
}

/** Opens a round of filters, as main does, and fills them, as tasks of the seat do. */
class Round {
  readonly set: FilterSet;
  readonly #plan: FilterPlan;
  readonly #filled: FilledTable;
  readonly #task: GossipTask;

  constructor(filled: FilledTable) {
    const { regions, table } = filled;
    const { view } = table;
    const identity = createIdentity(new Uint8Array(32));
    const context = { hashes: TASK_HASHES, beat: () => {} };
    this.#filled = filled;
    this.#task = new GossipTask({ regions, view, identity, context });
    this.#plan = new FilterPlan(regions.filters, seededRng(SEED), new Deck());
    this.set = this.#plan.set;
  }

  /** @returns tasks that it took */
  build(count?: number): number {
    const { regions, table } = this.#filled;
    const end = table.view.highWater;
    this.#plan.start(filterShape(CALLER_BYTES), table.size, count);
    regions.filters.range[FilterRange.ROWS] = end;
    let tasks = 0;
    for (let place = 0; place < end; tasks++) place = this.#task.fill(place);
    return tasks;
  }
}

function building(filled: FilledTable): Timed {
  const { table, size } = filled;
  let round = new Round(filled);
  return {
    name: `build a round of filters at ${size.toLocaleString('en')} rows`,
    unit: 'value',
    items: table.size,
    also: { unit: 'round', items: 1 },
    reset() {
      round = new Round(filled);
    },
    run() {
      const tasks = round.build();
      return mix(mix(round.set.count, round.set.filter(0).bitsSet), tasks);
    },
  };
}

/** A filter laid out as it lies in a datagram, with the fields that skimming would find. */
function placeRequest(filter: FilterParts): { bytes: Uint8Array; fields: PacketFields } {
  const bytes = new Uint8Array(1232);
  const fields = new PacketFields();
  fields.keysAt = 0;
  fields.keyCount = filter.keyCount;
  fields.bitsAt = 8 * filter.keyCount;
  fields.bitLength = filter.bitLength;
  fields.maskAt = bytes.length - 8;
  fields.maskBits = filter.maskBits;
  bytes.set(filter.keys.subarray(0, fields.bitsAt));
  bytes.set(filter.bits.subarray(0, Math.ceil(filter.bitLength / 8)), fields.bitsAt);
  writeU32(bytes, fields.maskAt, filter.maskLow);
  writeU32(bytes, fields.maskAt + 4, filter.maskHigh);
  return { bytes, fields };
}

function serving(filled: FilledTable, isKnown: boolean): Timed {
  const { table, size } = filled;
  const rng = seededRng(SEED);
  const round = new Round(filled);
  round.build(1);
  const filter = round.set.filter(0);
  if (!isKnown) filter.bits.fill(0);
  const { bytes, fields } = placeRequest(filter);
  const requests = size > 10_000 ? 8 : 1;
  let answers = new PullAnswers(table.view, rng);
  return {
    name: `answer a request ${isKnown ? 'of one who knows all' : 'of one who knows nothing'}`,
    unit: 'request',
    items: requests,
    reset() {
      answers = new PullAnswers(table.view, seededRng(SEED));
    },
    run() {
      let sum = SEED;
      for (let i = 0; i < requests; i++) {
        answers.start(2e12, PLENTY, 1_000);
        sum = mix(sum, answers.answer(bytes, fields, 2e12, i));
      }
      return sum;
    },
  };
}

/** What do asking for values and answering with them cost at the real network's size? */
export const pull: Suite = {
  name: 'pull',
  async questions(mode: Mode) {
    const filled = await fillTable(limit(mode, 100_000, 1_000), 0);
    return [
      walking(filled, 6),
      walking(filled, 12),
      building(filled),
      serving(filled, true),
      serving(filled, false),
    ];
  },
};
