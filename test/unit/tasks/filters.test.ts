import { describe, expect, it } from 'vitest';
import { bloomContains } from '../../../src/gossip/bloom.ts';
import { FilterPlan, filterShape } from '../../../src/gossip/pull-request.ts';
import { Deck } from '../../../src/gossip/sample.ts';
import { SLOT_BYTES } from '../../../src/shm/layout.ts';
import { FilterRange, FilterState } from '../../../src/shm/task-cells.ts';
import { GossipTask } from '../../../src/tasks/gossip.ts';
import { Work } from '../../../src/tasks/work.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { readU32, toHex } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import type { FilterParts } from '../../../src/wire/encode.ts';
import { HASH_BYTES, SIGNATURE_BYTES } from '../../../src/wire/limits.ts';
import { messageOf } from '../node/harness.ts';
import { identityOf, START_MS } from '../node/peer.ts';
import { MadeTable } from './made-table.ts';

const CONTACT = 163;

function random(count: number, seed: number): Uint8Array {
  const hashes = new Uint8Array(HASH_BYTES * count);
  seededRng(seed).fill(hashes);
  return hashes;
}

/** A round over a table with values held, purged, failed and waiting, all partitions at once. */
class Round extends MadeTable {
  readonly plan: FilterPlan;
  beats = 0;
  readonly waiting = random(50, 2);

  constructor() {
    super({ filters: 64 });
    const { regions, table } = this;
    this.fill(20, 9);
    const failed = random(60, 1);
    for (let i = 0; i < 60; i++) table.failed.push(failed, HASH_BYTES * i, START_MS);
    for (let row = 0; row < 40; row++) table.remove(row, START_MS);
    this.plan = new FilterPlan(regions.filters, seededRng(3), new Deck());
    this.plan.start(filterShape(CONTACT), 0, 64);
    const { range, waiting } = regions.filters;
    waiting.set(this.waiting);
    range[FilterRange.ROWS] = table.view.highWater;
    range[FilterRange.PURGED_FIRST] = table.purged.first;
    range[FilterRange.PURGED_COUNT] = table.purged.size;
    range[FilterRange.FAILED_FIRST] = table.failed.first;
    range[FilterRange.FAILED_COUNT] = table.failed.size;
    range[FilterRange.WAITING] = 50;
  }

  get end(): number {
    const { range } = this.regions.filters;
    const counts = [FilterRange.PURGED_COUNT, FilterRange.FAILED_COUNT, FilterRange.WAITING];
    return counts.reduce((sum, cell) => sum + range[cell]!, range[FilterRange.ROWS]!);
  }

  task(hashes: number): GossipTask {
    const { regions, view } = this;
    const context = { hashes, beat: () => void this.beats++ };
    return new GossipTask({ regions, view, identity: identityOf(1), context });
  }

  /** Fills the filters by tasks of so many hashes, each on a thread of its own. @returns tasks needed */
  build(hashes: number): number {
    let tasks = 0;
    for (let place = 0; place < this.end; tasks++) {
      const next = this.task(hashes).run(Work.FILL, place, 0);
      expect(next, `task ${tasks}`).toBeGreaterThan(place);
      place = next;
    }
    return tasks;
  }

  get filters(): FilterParts[] {
    return Array.from({ length: this.plan.set.count }, (_, i) => this.plan.set.filter(i));
  }

  /** Whether the filter of a hash has it. */
  has(hash: Uint8Array, at = 0): boolean {
    const filter = this.filters.find(
      ({ maskHigh }) => maskHigh >>> 26 === readU32(hash, at + 4) >>> 26,
    );
    if (!filter) return false;
    const both = new Uint8Array(2_048);
    both.set(filter.bits);
    both.set(filter.keys, 1_500);
    return bloomContains(both, 1_500, filter.keyCount, 0, filter.bitLength, hash, at);
  }
}

describe('filling filters', () => {
  it('takes in values of the table, purged, failed and waiting ones', () => {
    const round = new Round();
    expect(round.build(1e6)).toBe(1);
    const { view, purged, failed } = round.table;
    expect([view.size, purged.size, failed.size]).toEqual([160, 40, 60]);
    for (let row = 0; row < view.highWater; row++) {
      if (view.columns.length[row] === 0) continue;
      expect(round.has(view.columns.hash, HASH_BYTES * row), `row ${row}`).toBe(true);
    }
    for (const [name, queue] of Object.entries({ purged, failed })) {
      for (let i = 0; i < queue.size; i++) {
        expect(round.has(queue.hashes, queue.hashOffset(i)), `${name} ${i}`).toBe(true);
      }
    }
    for (let i = 0; i < 50; i++) expect(round.has(round.waiting, HASH_BYTES * i)).toBe(true);
    const strangers = random(1_000, 9);
    let wrong = 0;
    for (let i = 0; i < 1_000; i++) if (round.has(strangers, HASH_BYTES * i)) wrong++;
    expect(wrong).toBeLessThan(10);
  });

  it('comes to the same in bites of any size, each on another thread', () => {
    const whole = new Round();
    whole.build(1e6);
    const expected = whole.filters.map(({ bits, bitsSet }) => `${bitsSet} ${toHex(bits)}`);
    for (const hashes of [1, 7, 100]) {
      const bitten = new Round();
      expect(bitten.build(hashes), `${hashes} hashes a task`).toBeGreaterThan(300 / hashes);
      expect(bitten.filters.map(({ bits, bitsSet }) => `${bitsSet} ${toHex(bits)}`)).toEqual(
        expected,
      );
      expect(bitten.beats).toBeGreaterThan(0);
    }
  });

  it('leaves out what left a queue meanwhile, and does not mind what came', () => {
    const round = new Round();
    const { purged } = round.table;
    const first = purged.hashes.slice(purged.hashOffset(0), purged.hashOffset(0) + HASH_BYTES);
    const last = purged.hashes.slice(purged.hashOffset(39), purged.hashOffset(39) + HASH_BYTES);
    purged.push(random(1, 77), 0, START_MS + 10);
    purged.expire(START_MS + 5);
    expect(purged.size).toBe(1);
    round.build(1e6);
    expect([round.has(first), round.has(last), round.has(random(1, 77))]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('requests', () => {
  it('carry their filters and our contact info, signed once', () => {
    const round = new Round();
    round.build(1e6);
    const { filters, orders, egress } = round.regions;
    const contact = round.fill(1, 0)[0]!.contact();
    filters.contact.set(contact);
    filters.contact.fill(0, 0, SIGNATURE_BYTES);
    filters.state[FilterState.CONTACT_LENGTH] = contact.length;
    for (let i = 0; i < 64; i++) orders.slot[i] = 100 - i;
    expect(round.task(1).run(Work.REQUEST, 0, 64)).toBe(64);
    const masks = new Set<number>();
    for (let i = 0; i < 64; i++) {
      const at = (100 - i) * SLOT_BYTES;
      const bytes = egress.bytes.slice(at, at + egress.length[100 - i]!);
      const message = messageOf(bytes);
      expect(message.message).toBe('PullRequest');
      expect(toHex(bytes.slice(-contact.length)), 'Ed25519 is deterministic').toBe(toHex(contact));
      masks.add(round.plan.set.filter(i).maskHigh);
    }
    expect(masks.size).toBe(64);
  });

  it('without a contact info are a bug, as is work that nobody knows', () => {
    const round = new Round();
    expect(() => round.task(1).run(Work.REQUEST, 0, 1)).toThrow(AssertionError);
    expect(() => round.task(1).run(Work.RESPOND, 0, 1)).toThrow(AssertionError);
  });
});
