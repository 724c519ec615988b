/** A spy with `http`: the API lives in the observer's thread, and comes back with it. */

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { getPriority } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { ObserverClient } from '../../src/api/client.ts';
import { HttpServing } from '../../src/api/http/serving.ts';
import { nodeFacts } from '../../src/api/node-query.ts';
import { createSpy, type Spy } from '../../src/index.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { Command, freePort, run } from '../cli/command.ts';
import { peers, TestNode } from '../unit/node/harness.ts';

const spies: Spy[] = [];
afterEach(async () => {
  await Promise.all(spies.splice(0).map((spy) => spy.stop()));
});

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** A spy that waits for others on loopback. */
async function waiting(http: string): Promise<Spy> {
  const spy = await createSpy({
    shredVersion: 20_126,
    bindAddress: '127.0.0.1',
    gossipPort: await freePort(),
    allowPrivate: true,
    size: 'small',
    workers: 0,
    receiver: 'dgram',
    http,
  });
  spies.push(spy);
  return spy;
}

const health = async (spy: Spy): Promise<number> =>
  fetch(`${spy.url}/healthz`).then(
    ({ status }) => status,
    () => 0,
  );

describe('a spy with an HTTP API', () => {
  it('answers at a free port, tells its streams of the end, and is gone with it', async () => {
    const spy = await waiting('127.0.0.1:0');
    expect(spy.url).toMatch(/^http:\/\/127\.0\.0\.1:\d{2,5}$/);
    expect(await health(spy)).toBe(200);
    const ready = await fetch(`${spy.url}/readyz`);
    expect(await ready.json()).toEqual({
      ready: false,
      reasons: ['no node has been heard of yet'],
    });
    const stats = (await (await fetch(`${spy.url}/v1/stats`)).json()) as Record<string, unknown>;
    expect(stats).toMatchObject({
      identity: spy.identity,
      gossip: spy.gossip,
      shredVersion: 20_126,
    });
    const stream = await fetch(`${spy.url}/v1/changes/stream`);
    const told = stream.text();
    await spy.stop();
    const lines = (await told).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual([
      'hello',
      'end',
    ]);
    expect(await health(spy)).toBe(0);
  });

  it('says when it cannot listen', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(waiting(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'HTTP_PORT_IN_USE' });
    server.close();
    for (const http of ['8890', 'localhost', '1.2.3.400:80', '127.0.0.1:99999', '']) {
      await expect(waiting(http), http).rejects.toMatchObject({ code: 'HTTP_ADDRESS' });
    }
  });

  it('is there from the command line', async () => {
    const [gossip, port] = [await freePort(), await freePort()];
    const cluster = ['--shred-version', '20126', '--bind-address', '127.0.0.1'];
    const http = `127.0.0.1:${port}`;
    const spy = new Command(['spy', ...cluster, '--gossip-port', `${gossip}`, '--http', http]);
    await spy.said(new RegExp(`^HTTP API at http://${http}\n$`));
    expect((await fetch(`http://${http}/healthz`)).status).toBe(200);
    if (process.platform === 'linux') {
      // Hearing goes before telling: one thread, the API's, gives way to all others.
      const own = getPriority();
      const others = threadNiceness(spy.child.pid!).filter((n) => n !== own);
      expect(others).toEqual(own < 5 ? [5] : []);
    }
    spy.child.kill('SIGINT');
    expect((await spy.result).stdout).toContain('0 nodes');
    const wrong = await run('spy', '--http', 'nowhere');
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain('give HOST:PORT');
  });
});

/** How nice each thread of a process is to others. @source proc_pid_stat(5) */
function threadNiceness(pid: number): number[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).map((task) => {
    const stat = readFileSync(`${tasks}/${task}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

describe('when the thread dies', () => {
  it('its successor serves at the same port, and followers hear of a gap', async () => {
    const test = new TestNode({ shared: true });
    test.meet(...peers(2));
    const serving = new HttpServing({
      address: { host: '127.0.0.1', port: 0 },
      node: test.node,
      loop: monitorEventLoopDelay(),
      stakeReport: () => undefined,
      entrypoints: [],
      stakes: undefined,
      startedMs: 0,
      logger: SILENT_LOGGER,
    });
    const commands = { nodeFacts: () => nodeFacts(test.node, 0) };
    const client = new ObserverClient({
      regions: test.parts.regions,
      commands,
      clock: SystemClock,
      logger: SILENT_LOGGER,
      file: new URL('workers/observer-moody.mjs', import.meta.url),
      http: serving,
    });
    await client.start();
    try {
      const { url } = serving;
      const first = (await (await fetch(`${url}/v1/nodes`)).json()) as {
        seq: number;
        total: number;
      };
      expect(first.total).toBe(2);
      await client.query({ from: 'throw' }, 1).catch(() => {}); // dies of it
      let text = '';
      for (let i = 0; i < 200 && text === ''; i++) {
        await pause(20);
        const stop = new AbortController();
        const stream = await fetch(`${url}/v1/changes/stream?since=${first.seq}`, {
          signal: stop.signal,
        }).catch(() => undefined);
        if (!stream?.body || client.restarts === 0) continue;
        for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
          text += Buffer.from(chunk).toString();
          if (text.includes('"gap"')) break;
        }
        stop.abort();
      }
      const [hello, gap] = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(hello).toMatchObject({ kind: 'hello', seq: first.seq });
      expect(gap).toMatchObject({ kind: 'gap', reason: 'lost', since: first.seq });
      expect(serving.url).toBe(url);
      expect(client.restarts).toBe(1);
    } finally {
      await client.stop();
    }
  });
});
