import { afterEach, describe, expect, it } from 'vitest';
import type { ChangeEvent } from '../../src/api/change-reader.ts';
import { ObserverClient } from '../../src/api/client.ts';
import { createSpy, type NodeInfo, type Spy, type SpyOptions } from '../../src/index.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { BusyMain, NO_COMMANDS } from './busy-main.ts';

const spies: Spy[] = [];
afterEach(async () => {
  await Promise.all(spies.splice(0).map((spy) => spy.close()));
});

/** A spy on loopback, alone or with another. */
async function join(options: SpyOptions = {}): Promise<Spy> {
  const spy = await createSpy({
    ...{ shredVersion: 77, bindAddress: '127.0.0.1', workers: 0, receiver: 'dgram', size: 'small' },
    ...{ allowPrivate: true, ...options },
  });
  spies.push(spy);
  return spy;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** The next event of a stream that is wanted. */
async function next<T extends ChangeEvent['kind']>(
  stream: AsyncIterator<ChangeEvent, void>,
  kind: T,
): Promise<ChangeEvent & { kind: T }> {
  for (;;) {
    const { value } = await stream.next();
    if (!value) throw new Error(`the end before ${kind}`);
    if (value.kind === kind) return value as ChangeEvent & { kind: T };
  }
}

describe('a spy', () => {
  it('tells what happens to nodes, as a stream, as events, and again to those who were away', async () => {
    const spy = await join();
    const stream = spy.changes({ since: 0 });
    expect(await next(stream, 'gap')).toMatchObject({
      reason: 'lost',
      nodes: [{ pubkey: spy.identity, gossip: spy.gossip }],
    });
    const heard: string[] = [];
    spy.on('change', ({ kind, pubkey }) => heard.push(`${kind} ${pubkey}`));
    const leave = spy.on('snapshot', () => heard.push('too much'));
    leave();
    const other = await join({ entrypoints: [spy.gossip], shredVersion: 0 });
    const appeared = await next(stream, 'appeared');
    expect(appeared).toMatchObject({
      pubkey: other.identity,
      gossip: other.gossip,
      via: { route: expect.stringMatching(/push|pull/), from: other.identity },
      new: { client: 'Earshot', rpc: null, shredVersion: 77 },
    });
    const hash = spy.identity;
    other.publish({
      ...{ kind: 'SnapshotHashes', from: other.identity, wallclock: SystemClock.wallMs() },
      ...{ full: { slot: 7, hash }, incremental: [] },
    });
    const snapshot = await next(stream, 'snapshot');
    expect(snapshot).toMatchObject({ old: null, new: { full: 7, incremental: null } });
    expect(snapshot.seq).toBeGreaterThan(appeared.seq);

    const again = spy.changes({ since: appeared.seq, filter: { pubkeys: [other.identity] } });
    expect(await next(again, 'snapshot')).toEqual(snapshot);
    await again.return();
    while (!heard.includes(`snapshot ${other.identity}`)) await pause(10);
    expect(heard).not.toContain('too much');

    const nodes: NodeInfo[] = [];
    for await (const node of spy.queryNodes({ network: '127.0.0.0/8' })) nodes.push(node);
    expect(nodes).toMatchObject([
      {
        ...{ pubkey: other.identity, gossip: other.gossip, proved: true },
        liveness: { evidence: { via: { from: other.identity } } },
      },
    ]);
    for await (const node of spy.queryNodes({ rpc: true })) nodes.push(node);
    expect(nodes).toHaveLength(1);
    const nowhere = spy.queryNodes({ network: 'nowhere' }).next();
    await expect(nowhere).rejects.toMatchObject({ code: 'CHANGES_NETWORK' });

    const kinds: string[] = [];
    for await (const value of spy.queryValues({ from: other.identity })) kinds.push(value.kind);
    expect(kinds.sort()).toEqual(['ContactInfo', 'SnapshotHashes']);
    const refused = spy.changes({ filter: { network: 'nowhere' } });
    await expect(refused.next()).rejects.toMatchObject({ code: 'CHANGES_NETWORK' });
    const future = await spy.changes({ since: Number.MAX_SAFE_INTEGER }).next();
    expect(future.value).toMatchObject({ kind: 'gap', reason: 'future' });

    const leaving = new AbortController();
    const { signal } = leaving;
    const silent = spy.changes({ filter: { pubkeys: ['nobody'] }, signal });
    const waiting = silent.next();
    await pause(20);
    leaving.abort();
    expect(await waiting, 'in the middle of waiting').toEqual({ done: true, value: undefined });
    const late = await spy.changes({ since: 0, signal }).next();
    expect(late, 'before it began').toEqual({ done: true, value: undefined });

    await spy[Symbol.asyncDispose]();
    expect(await stream.next()).toMatchObject({ done: true });
  });
});

describe('when the observer dies', () => {
  it('who follows changes hears of a gap, and numbers go on', async () => {
    const main = new BusyMain();
    await main.change(500);
    const client = new ObserverClient({
      regions: main.regions,
      commands: NO_COMMANDS,
      clock: SystemClock,
      logger: SILENT_LOGGER,
      file: new URL('workers/observer-moody.mjs', import.meta.url),
      pollMs: 10,
    });
    try {
      await client.start();
      const stream = client.changes({});
      const before = main.regions.control.changes[0]!;
      const first = stream.next();
      await pause(50);
      await client.query({ from: 'exit' }, 1).catch(() => {});
      expect(await first).toMatchObject({
        value: [{ kind: 'gap', since: before, seq: before + 1, reason: 'lost', nodes: [] }],
      });
      expect(client.restarts).toBe(1);
      await stream.return();
    } finally {
      await client.stop();
    }
  });
});
