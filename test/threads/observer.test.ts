import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ObserverClient, type ObserverClientOptions } from '../../src/api/client.ts';
import type { MainCommands } from '../../src/api/observer-api.ts';
import { createSpy } from '../../src/index.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { Command, freePort } from '../cli/command.ts';
import { many } from '../nightly.ts';
import { believe, truth } from '../unit/api/observed.ts';
import { BusyMain, NO_COMMANDS } from './busy-main.ts';

const file = (name: string): URL => new URL(`workers/observer-${name}.mjs`, import.meta.url);

const open = new Set<ObserverClient>();
afterEach(async () => {
  await Promise.all([...open].map((client) => client.stop()));
  open.clear();
});

/** Changes that an observer sees. */
const CHANGES = many(20_000, 100_000);

/** A client, and the warnings it logged. */
function observe(main: BusyMain, options: Partial<ObserverClientOptions> = {}) {
  const warnings: { reason: string; pauseMs: number }[] = [];
  const logger = {
    ...SILENT_LOGGER,
    warn: (fields: object) => warnings.push(fields as (typeof warnings)[number]),
  };
  const { regions } = main;
  const clock = SystemClock;
  const client = new ObserverClient({ regions, commands: NO_COMMANDS, clock, logger, ...options });
  open.add(client);
  return { client, warnings };
}

/** Listens until the end. @returns what a listener believes then, and how often it had to start anew */
async function listen(client: ObserverClient, belief: Map<string, string>): Promise<number> {
  let resets = 0;
  for await (const { changes } of client.feed()) {
    believe(belief, changes);
    resets += changes.filter(({ operation }) => operation === 'reset').length;
  }
  return resets;
}

async function timed(work: Promise<unknown>): Promise<number> {
  const startedMs = SystemClock.monoMs();
  await work;
  return SystemClock.monoMs() - startedMs;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** One turn of a main that has nothing to do but that for a while. */
async function write(main: BusyMain): Promise<void> {
  await main.change(500);
  await pause(20);
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await pause(5);
};

describe('an observer thread', () => {
  const cases = [
    { name: 'with a journal that holds everything', journalEntries: 262_144, isLapped: false },
    { name: 'with a tiny journal', journalEntries: 64, isLapped: true },
  ];
  for (const { name, journalEntries, isLapped } of cases) {
    it(`ends with the table after ${CHANGES} changes, ${name}`, async () => {
      const main = new BusyMain({ journalEntries });
      await main.change(2_000);
      const { client } = observe(main, { pollMs: 10 });
      await client.start();
      const belief = new Map<string, string>();
      const listening = listen(client, belief);
      await main.change(CHANGES);
      const { lost, resyncs, followed } = await client.status();
      await client.stop();
      expect(await listening, 'was told everything anew').toBe(0);
      expect(belief).toEqual(truth(main.table.view));
      expect(belief.size).toBeGreaterThan(1_000);
      expect(lost > 0, `lost ${lost} in ${resyncs}`).toBe(isLapped);
      expect(resyncs > 0).toBe(isLapped);
      if (!isLapped) expect(followed).toBeGreaterThan(0);
    });
  }

  it('answers while main writes', async () => {
    const main = new BusyMain();
    const { client } = observe(main);
    await expect(client.status()).rejects.toMatchObject({ code: 'OBSERVER_GONE' });
    await main.change(1_000);
    await client.start();
    const changing = main.change(5_000);
    const { values, next } = await client.query({ kind: 'Vote' }, 5);
    expect(values, 'made-up votes cannot be described').toEqual([]);
    expect(next).toBeNull();
    await changing;
    const folder = mkdtempSync(join(tmpdir(), 'observer-'));
    try {
      expect(await client.dump(join(folder, 'table.jsonl'))).toBe(0);
      expect(readFileSync(join(folder, 'table.jsonl'), 'utf8')).toBe('');
      await expect(client.dump(join(folder, 'no', 'where'))).rejects.toThrow('ENOENT');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('may ask main for what is on the list and nothing else', async () => {
    const asked: string[] = [];
    const commands: MainCommands = {
      nodeFacts: () => {
        asked.push('facts');
        return NO_COMMANDS.nodeFacts();
      },
    };
    const dropTable = (): number => asked.push('everything');
    const main = new BusyMain();
    const all = { ...commands, dropTable };
    const { client } = observe(main, { file: file('asking'), commands: all });
    await client.start();
    await expect(client.dump('x')).rejects.toMatchObject({ name: 'TypeError' });
    expect(asked).toEqual(['facts']);
  });

  it('leaves no port and no thread behind', async () => {
    const held = (): string[] =>
      process.getActiveResourcesInfo().filter((name) => name === 'MessagePort');
    const before = held();
    const main = new BusyMain();
    const { client } = observe(main);
    await client.start();
    const listening = listen(client, new Map());
    await main.change(1_000);
    expect(held().length, 'thread and commands').toBeGreaterThanOrEqual(before.length + 2);
    await client.stop();
    await listening;
    await new Promise<void>((resolve) => SystemClock.soon(resolve));
    expect(held()).toEqual(before);
  });
});

describe('when the observer', () => {
  const deaths = [
    { name: 'throws', from: 'throw', reason: 'thrown on purpose' },
    { name: 'exits', from: 'exit', reason: 'it ended by itself' },
    { name: 'fills its memory', from: 'fill', reason: expect.stringContaining('memory limit') },
    { name: 'hangs', from: 'hang', reason: 'no sign of life for 300 ms', silentMs: 300 },
  ];
  for (const { name, from, reason, silentMs = 5_000 } of deaths) {
    it(`${name}, main goes on, and listeners hear everything from the next one`, async () => {
      const main = new BusyMain();
      const { client, warnings } = observe(main, {
        file: file('moody'),
        pollMs: 10,
        silentMs,
        heapMb: 24,
      });
      await client.start();
      const belief = new Map<string, string>();
      const listening = listen(client, belief);
      await main.change(2_000);
      let isAnswered = false;
      const asking = client.query({ from }, 1).then(
        () => 'answered',
        (error: { code: string }) => {
          isAnswered = true;
          return error.code;
        },
      );
      const before = main.changes;
      while (client.restarts === 0) await write(main);
      expect(main.changes - before, 'changes while nobody watched').toBeGreaterThan(1_000);
      expect(isAnswered || from === 'throw').toBe(true);
      expect(await asking).toBe(isAnswered ? 'OBSERVER_GONE' : 'answered');
      while ((await client.status().catch(() => undefined)) === undefined) await write(main);
      await main.change(2_000);
      await client.stop();
      expect(await listening, 'resets').toBe(client.restarts);
      expect(belief).toEqual(truth(main.table.view));
      expect(warnings[0]).toEqual({ reason, pauseMs: 100 });
    });
  }

  it('dies every time, the pauses before its restarts grow, and the end comes at once', async () => {
    const { client, warnings } = observe(new BusyMain(), { file: file('short-lived') });
    await client.start();
    const listening = listen(client, new Map());
    await until(() => warnings.length >= 3);
    expect(warnings.map(({ pauseMs }) => pauseMs)).toEqual([100, 200, 400]);
    expect(await timed(client.stop()), 'within a pause').toBeLessThan(300);
    await listening;
    expect(client.restarts).toBe(2);
  });

  const stillborn = [
    { name: 'dies before it starts', worker: 'stillborn', startMs: 30_000, says: /born dead/ },
    { name: 'never answers', worker: 'mute', startMs: 200, says: /200 ms/ },
  ];
  for (const { name, worker, startMs, says } of stillborn) {
    it(`${name}, the start says so`, async () => {
      const { client } = observe(new BusyMain(), { file: file(worker), startMs });
      const starting = client.start();
      await expect(starting).rejects.toMatchObject({ code: 'OBSERVER_DOES_NOT_START' });
      await expect(starting).rejects.toThrow(says);
      expect(await timed(client.stop())).toBeLessThan(2_000);
    });
  }
});

describe('the end comes in time', () => {
  it('while the thread hangs, and while a listener does not listen', async () => {
    const { client: hanging } = observe(new BusyMain(), { file: file('moody') });
    const main = new BusyMain();
    await main.change(2_000);
    const { client: unheard } = observe(main);
    await Promise.all([hanging.start(), unheard.start()]);
    const asking = hanging.query({ from: 'hang' }, 1).catch(({ code }) => code);
    const feed = unheard.feed();
    expect((await feed.next()).value?.changes.length).toBeGreaterThan(100);
    const times = await Promise.all([timed(hanging.stop()), timed(unheard.stop())]);
    expect(Math.max(...times), 'a second, and what a busy machine adds').toBeLessThan(2_000);
    expect(await asking).toBe('OBSERVER_GONE');
    expect(await feed.next()).toMatchObject({ done: true });
  });

  it('while the thread starts', async () => {
    const { client } = observe(new BusyMain());
    const starting = client.start();
    const listening = listen(client, new Map());
    expect(await timed(client.stop())).toBeLessThan(1_000);
    await starting;
    await listening;
    await expect(client.status()).rejects.toMatchObject({ code: 'OBSERVER_GONE' });
  });
});

describe('a spy', () => {
  it('tells what happens to its table until it stops', async () => {
    const spy = await createSpy({
      shredVersion: 77,
      bindAddress: '127.0.0.1',
      workers: 0,
      receiver: 'dgram',
      size: 'small',
    });
    const told: string[] = [];
    const listening = (async () => {
      for await (const { changes } of spy.observe()) {
        for (const change of changes) {
          if (change.operation === 'reset') continue;
          const { operation, kind, from, version } = change as { version?: string } & typeof change;
          told.push(`${operation} ${kind} ${from === spy.identity} ${version ?? '-'}`);
        }
      }
    })();
    await until(() => told.length > 0);
    const from = spy.identity;
    spy.publish({ kind: 'LowestSlot', index: 0, from, wallclock: SystemClock.wallMs(), lowest: 5 });
    await spy.stop();
    await listening;
    expect(told.slice(0, 1)).toEqual([expect.stringMatching(/^insert ContactInfo true \d+\./)]);
    expect(told.at(-1)).toBe('insert LowestSlot true -');
  });

  it('prints each change as a line with --follow', async () => {
    const command = new Command([
      ...['spy', '--follow', '--shred-version', '77', '--bind-address', '127.0.0.1'],
      ...['--gossip-port', String(await freePort())],
    ]);
    await once(command.child.stdout!, 'data');
    await command.end('SIGTERM');
    const { stdout, status } = await command.result;
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({
      operation: 'insert',
      kind: 'ContactInfo',
      index: 0,
      gossip: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(status).toBe(0);
  });
});
