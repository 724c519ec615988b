import { describe, expect, it } from 'vitest';
import type { ServeLimits } from '../../../src/gossip/pull-serve.ts';
import { Counter, counterBlock } from '../../../src/shm/counters.ts';
import { SLOT_BYTES } from '../../../src/shm/layout.ts';
import { beginWrite } from '../../../src/shm/seqlock.ts';
import { RequestState } from '../../../src/shm/task-cells.ts';
import { RespondTask } from '../../../src/tasks/respond.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { Outcome } from '../../../src/util/outcome.ts';
import type { DecodedMessage } from '../../../src/wire/decoded.ts';
import { messageOf } from '../node/harness.ts';
import { type FilterWishes, identityOf, type Peer, START_MS } from '../node/peer.ts';
import { MadeTable } from './made-table.ts';

/** A task with a table, requests and slots. */
class Bench extends MadeTable {
  readonly peers: Peer[];
  readonly task: RespondTask;
  readonly counters: Float64Array;
  /** Called before each request. */
  beat = (): void => {};
  #waiting = 0;

  constructor({ hashes = 1e6, limits = {} }: { hashes?: number; limits?: ServeLimits } = {}) {
    super({ requests: 8 });
    this.peers = this.fill(8, 24);
    const { regions, view } = this;
    this.counters = counterBlock(regions.counters, 3);
    this.task = new RespondTask({
      regions,
      view,
      publicKey: identityOf(77).publicKey,
      counters: this.counters,
      context: { hashes, beat: () => this.beat() },
      limits,
    });
    this.grant(1e6, 64);
  }

  /** Says what may be spent. */
  grant(bytes: number, slots: number): void {
    const { requests, orders } = this.regions;
    requests.state[RequestState.NOW_MS] = START_MS;
    requests.state[RequestState.BYTES] = bytes;
    requests.state[RequestState.SLOTS] = slots;
    for (let i = 0; i < slots; i++) orders.slot[i] = 3 * i;
  }

  /** Puts a request of a peer into the next place. */
  ask(peer: Peer, wishes: FilterWishes = {}): void {
    const { requests } = this.regions;
    const place = this.#waiting++ & 7;
    const bytes = peer.pullRequest(wishes);
    requests.bytes.set(bytes, place * SLOT_BYTES);
    requests.length[place] = bytes.length;
    requests.ip[place] = peer.ip;
    requests.port[place] = peer.port;
    requests.wallclock[place] = START_MS + 10_000;
    requests.outcome[place] = 1;
  }

  /** Asks for everything there is, a partition a request. */
  askAll(peer: Peer, first: number, count: number): void {
    for (let i = first; i < first + count; i++) {
      this.ask(peer, { maskHigh: ((i + 1) * 2 ** 26 - 1) >>> 0 });
    }
  }

  state(cell: number): number {
    return this.regions.requests.state[cell]!;
  }

  /** What the task wrote, to whom. */
  written(): { ip: number; values: string[]; message: DecodedMessage; length: number }[] {
    const { egress, orders } = this.regions;
    return Array.from({ length: this.state(RequestState.USED) }, (_, i) => {
      const slot = orders.slot[i]!;
      const at = slot * SLOT_BYTES;
      const length = egress.length[slot]!;
      const message = messageOf(egress.bytes.slice(at, at + length));
      if (message.message !== 'PullResponse') throw new Error('no pull response');
      const values = message.values.map(({ signature }) => signature);
      return { ip: egress.ip[slot]!, values, message, length };
    });
  }

  /** Serves all partitions. @returns signatures of the values */
  serveAll(): string[] {
    const found: string[] = [];
    for (let first = 0; first < 64; first += 8) {
      this.grant(1e6, 64);
      this.askAll(this.peers[0]!, first, 8);
      expect(this.task.run(first, 8, 1)).toBe(8);
      found.push(...this.written().flatMap(({ values }) => values));
    }
    return found;
  }
}

describe('serving pull requests', () => {
  it('finds every value once, in datagrams that peers accept, to whom asked', () => {
    const bench = new Bench();
    const found = bench.serveAll();
    expect(found.length).toBe(bench.table.size);
    expect(new Set(found).size).toBe(bench.table.size);
    bench.ask(bench.peers[3]!, { maskHigh: 0x3ffffff });
    bench.grant(1e6, 64);
    bench.task.run(64, 1, 2);
    expect(bench.written().every(({ ip }) => ip === bench.peers[3]!.ip)).toBe(true);
    expect(bench.regions.requests.outcome[0]).toBe(Outcome.OK);
  });

  it('draws by its seed alone, whoever works', () => {
    const answers = [1, 1, 2].map((seed) => {
      const bench = new Bench();
      bench.askAll(bench.peers[0]!, 0, 8);
      bench.task.run(0, 8, seed);
      return JSON.stringify(bench.written());
    });
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]).not.toBe(answers[2]);
  });

  it('spends no more than it was granted, and says what is left', () => {
    const bench = new Bench();
    const [peer] = bench.peers as [Peer];
    for (const bytes of [0, 160, 161, 400, 2_048, 5_000]) {
      bench.grant(bytes, 64);
      bench.askAll(peer, 0, 8);
      bench.task.run(0, 8, 5);
      const spent = bench.written().reduce((sum, { length }) => sum + length, 0);
      expect(spent, `${bytes} granted`).toBeLessThanOrEqual(bytes);
      expect(bench.state(RequestState.BYTES), `${bytes} granted`).toBe(bytes - spent);
      const values = bench.written().reduce((sum, one) => sum + one.values.length, 0);
      expect(values, `${bytes} granted`).toBeLessThanOrEqual(Math.floor(bytes / 161));
    }
  });

  it('tells whose turn came when nothing was left', () => {
    const bench = new Bench();
    bench.grant(3 * 161, 64);
    bench.askAll(bench.peers[0]!, 0, 8);
    bench.task.run(0, 8, 1);
    const outcomes = [...bench.regions.requests.outcome];
    expect(outcomes[0]).toBe(Outcome.OK);
    expect(outcomes.slice(-3)).toEqual(Array(3).fill(Outcome.PULL_REQUEST_OVER_BUDGET));
  });

  it('counts what found no slot', () => {
    const bench = new Bench();
    bench.grant(1e6, 2);
    bench.askAll(bench.peers[0]!, 0, 8);
    bench.task.run(0, 8, 1);
    expect(bench.state(RequestState.USED)).toBe(2);
    expect(bench.state(RequestState.DROPPED)).toBeGreaterThan(3);
  });

  it('stops before the work becomes too much, but does one at least', () => {
    const bench = new Bench({ hashes: 10 });
    bench.askAll(bench.peers[0]!, 0, 8);
    const served = bench.task.run(0, 8, 1);
    expect(served).toBeGreaterThanOrEqual(1);
    expect(served).toBeLessThan(4);
    expect(bench.regions.requests.outcome[served], 'is left for later').toBe(1);
    expect(new Bench({ hashes: 0 }).task.run(0, 0, 1)).toBe(0);
  });

  it('begins at any place, and goes round', () => {
    const bench = new Bench();
    bench.askAll(bench.peers[0]!, 0, 8);
    bench.askAll(bench.peers[1]!, 0, 3);
    expect(bench.task.run(5, 6, 1)).toBe(6);
    const { outcome } = bench.regions.requests;
    expect([...outcome]).toEqual([0, 0, 0, 1, 1, 0, 0, 0]);
  });

  it('of something else is a bug', () => {
    const bench = new Bench();
    bench.ask(bench.peers[0]!);
    bench.regions.requests.length[0] = 17;
    expect(() => bench.task.run(0, 1, 1)).toThrow(AssertionError);
  });
});

describe('a value that changes while a task has selected it', () => {
  /** Does something between the selection for the first request and the writing. */
  function meanwhile(change: (bench: Bench, row: number) => void): Bench {
    const bench = new Bench();
    const [peer] = bench.peers as [Peer];
    const row = bench.view.find(11, 0, peer.key, 0);
    const maskHigh = (bench.view.columns.hash[32 * row + 7]! * 2 ** 24) | 0x3ffffff;
    bench.ask(peer, { maskHigh: maskHigh >>> 0 });
    bench.ask(peer, { bits: new Uint8Array(64).fill(255) });
    let beats = 0;
    bench.beat = () => {
      if (++beats === 2) change(bench, row);
    };
    expect(bench.task.run(0, 2, 1)).toBe(2);
    return bench;
  }

  it('goes out when it does not', () => {
    const values = meanwhile(() => {})
      .written()
      .flatMap((one) => one.values);
    expect(values.length).toBeGreaterThan(0);
  });

  const changes: { name: string; change: (bench: Bench, row: number) => void }[] = [
    {
      name: 'replaced by a newer one',
      change: (bench) => bench.put(bench.peers[0]!.contact({ wallclock: START_MS + 1 })),
    },
    { name: 'removed', change: (bench, row) => bench.table.remove(row, START_MS) },
    {
      name: 'removed, and its row taken by another',
      change: (bench, row) => {
        bench.table.remove(row, START_MS);
        expect(bench.put(bench.peers[1]!.slots(200)), 'the same row').toBe(row);
      },
    },
    {
      name: 'being written at that moment',
      change: (bench, row) => beginWrite(bench.view.columns.version, row),
    },
  ];
  for (const { name, change } of changes) {
    it(`is left out: ${name}`, () => {
      const same = meanwhile(() => {});
      const before = same.written().flatMap((one) => one.values);
      const bench = meanwhile(change);
      const after = bench.written().flatMap((one) => one.values);
      expect(after.length).toBe(before.length - 1);
      for (const value of after) expect(before).toContain(value);
      const spent = bench.written().reduce((sum, { length }) => sum + length, 0);
      expect(bench.state(RequestState.BYTES)).toBe(1e6 - spent);
      const busy = name.startsWith('being') ? 1 : 0;
      expect(bench.counters[Counter.ROWS_BUSY]).toBe(busy);
    });
  }

  it('is not even selected while it is being written', () => {
    const bench = new Bench();
    const { version } = bench.view.columns;
    for (let row = 0; row < bench.view.highWater; row++) beginWrite(version, row);
    bench.askAll(bench.peers[0]!, 0, 8);
    bench.task.run(0, 8, 1);
    expect(bench.written()).toEqual([]);
    expect(bench.counters[Counter.ROWS_BUSY]).toBeGreaterThan(10);
  });
});
