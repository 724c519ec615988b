import { describe, expect, it } from 'vitest';
import { Store } from '../../../src/node/store.ts';
import { PROBE_EVERY_MS, SAVE_EVERY_MS, StoreKeeper } from '../../../src/node/store-keeper.ts';
import { SystemClock } from '../../../src/util/clock.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { SimDisk } from '../../sim/disk.ts';
import { peers, TestNode } from './harness.ts';
import type { Peer } from './peer.ts';

/** Lets what waits for a disk or another turn go on, on a clock that stands. */
async function settle(test: TestNode): Promise<void> {
  for (let i = 0; i < 60; i++) {
    test.settle();
    await new Promise<void>((resolve) => SystemClock.soon(resolve));
  }
}

/** A node with a store on a disk. */
async function keep(disk: SimDisk, test: TestNode): Promise<StoreKeeper> {
  const store = new Store(disk);
  const logger = test.parts.logger;
  const keeper = new StoreKeeper(store, await store.load(), test.clock, logger);
  keeper.start(test.parts);
  await settle(test);
  return keeper;
}

async function pass(test: TestNode, ms: number): Promise<void> {
  test.run(ms);
  await settle(test);
}

/** A disk on which a node that knows these peers was stopped. */
async function diskOf(known: readonly Peer[]): Promise<SimDisk> {
  const disk = new SimDisk(seededRng(1));
  const test = new TestNode();
  const keeper = await keep(disk, test);
  test.meet(...known);
  await pass(test, 2_000);
  const stopping = keeper.stop();
  await settle(test);
  await stopping;
  return disk;
}

const errors = (test: TestNode): string[] =>
  test.logged.filter(({ level }) => level === 'error').map(({ message }) => message);

describe('what a node knew', () => {
  it('is asked at once by the next, within the limits, and is back with its answer', async () => {
    const known = peers(40);
    const disk = await diskOf(known);
    const test = new TestNode({ seed: 2 });
    test.clock.advance(1_000);
    const keeper = await keep(disk, test);
    expect(keeper.report()).toMatchObject({ loaded: { peers: 40, identities: 40 }, refused: 0 });
    expect(test.parts.unproved.size, 'nobody counts before having answered').toBe(40);
    test.run(300);
    const pings = test.takeOnly('Ping');
    expect(new Set(pings.map(({ ip }) => ip)).size).toBe(40);
    expect(pings.length, 'one for each').toBe(40);
    for (const [i, peer] of known.entries()) {
      const ping = pings.find(({ ip, port }) => ip === peer.ip && port === peer.port)!;
      if (i < 39) test.from(peer, peer.pong(ping.bytes));
    }
    expect(known.filter((peer) => test.holds(peer)).length).toBe(39);
    await keeper.stop();
  });

  it('keeps when it was first heard of, and counts on', async () => {
    const [peer] = peers(1);
    const disk = await diskOf([peer!]);
    const test = new TestNode({ seed: 2 });
    test.clock.advance(3_600_000);
    const keeper = await keep(disk, test);
    const times = test.parts.sightings.of(peer!.key, 0)!;
    const agoMs = test.clock.monoMs() - times.firstMs;
    expect(Math.abs(agoMs - 3_600_000)).toBeLessThan(5_000);
    const { totals } = keeper.report();
    expect(totals['STARTS']).toBe(2);
    expect(totals['VALUE_ADDRESS_UNPROVED']).toBe(1);
    test.meet(...peers(1, 7));
    expect(keeper.report().totals['VALUE_ADDRESS_UNPROVED']).toBe(2);
    await keeper.stop();
  });

  const strangers: { name: string; change: (bytes: Uint8Array) => void }[] = [
    { name: 'a contact info that nobody signed', change: (b) => b.fill(1, 0, 8) },
    { name: 'something that is none', change: (b) => b.fill(9, 64, 65) },
  ];
  for (const { name, change } of strangers) {
    it(`is believed no more than a stranger: ${name}`, async () => {
      const test = new TestNode({ seed: 2 });
      const contact = peers(1)[0]!.contact();
      change(contact);
      const before = {
        sequence: 1,
        savedMs: test.clock.wallMs(),
        ip: 0,
        shredVersion: 20_126,
        counters: {},
        identities: [],
        peers: [{ ip: 1, port: 1, contact }],
      };
      const load = { content: before, warnings: [] };
      const disk = new SimDisk(seededRng(1));
      const keeper = new StoreKeeper(new Store(disk), load, test.clock, test.parts.logger);
      keeper.start(test.parts);
      await settle(test);
      expect([keeper.report().refused, test.parts.unproved.size]).toEqual([1, 0]);
      await keeper.stop();
    });
  }

  it('of another cluster is not asked', async () => {
    const disk = await diskOf(peers(3));
    const test = new TestNode({ seed: 2, shredVersion: 1 });
    const keeper = await keep(disk, test);
    expect([keeper.report().refused, test.parts.unproved.size]).toEqual([3, 0]);
    await keeper.stop();
  });
});

describe('a disk that fails', () => {
  for (const code of ['ENOSPC', 'EROFS', 'EIO']) {
    it(`with ${code} is an alarm within 5 s, is tried again, and is well by itself`, async () => {
      const disk = new SimDisk(seededRng(1));
      const test = new TestNode();
      const keeper = await keep(disk, test);
      await pass(test, 11_000);
      expect(keeper.report()).toMatchObject({ saved: 1, failed: 0, alarm: null });
      disk.failing = code;
      await pass(test, PROBE_EVERY_MS);
      expect(keeper.report().alarm).toBe(`PROBE: ${code}`);
      for (let i = 0; i < 30; i++) await pass(test, PROBE_EVERY_MS);
      expect(errors(test), 'said once').toEqual([
        'the store cannot be written: all else goes on, and it is tried again',
      ]);
      expect(keeper.report().failed).toBeGreaterThan(0);
      disk.failing = undefined;
      await pass(test, PROBE_EVERY_MS);
      await settle(test);
      expect(keeper.report()).toMatchObject({ saved: 2, alarm: null });
      expect(test.logged.at(-1)?.message).toBe('the store is written again');
      await keeper.stop();
    });
  }

  it('that is nearly full is an alarm before anything is lost', async () => {
    const disk = new SimDisk(seededRng(1));
    disk.freeBytes = 1_000;
    const test = new TestNode();
    const keeper = await keep(disk, test);
    expect(keeper.report().alarm).toMatch(/^PROBE: ENOSPC: 1000 bytes are free/);
    expect(errors(test).length).toBe(1);
    await keeper.stop();
  });

  it('that takes forever is an alarm, and leaving does not wait for it', async () => {
    const disk = new SimDisk(seededRng(1));
    disk.sync = () => new Promise<void>(() => {});
    const test = new TestNode();
    const keeper = await keep(disk, test);
    await pass(test, 10_000);
    await pass(test, 5_000);
    expect(keeper.report().alarm).toMatch(/^SLOW/);
    const stopping = keeper.stop();
    await pass(test, 2_000);
    await stopping;
  });
});

describe('a store', () => {
  it('is written once a minute', async () => {
    const disk = new SimDisk(seededRng(1));
    const test = new TestNode();
    const keeper = await keep(disk, test);
    await pass(test, 10_000);
    for (let i = 0; i < 5; i++) await pass(test, SAVE_EVERY_MS);
    expect(keeper.report()).toMatchObject({ saved: 6, failed: 0 });
    await keeper.stop();
  });
});
