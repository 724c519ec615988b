/** The HTTP API over real sockets: real clients, streams, and those who behave badly. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { address, createSolanaRpc } from '@solana/kit';
import { Connection } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MAX_CONNECTIONS, MAX_PER_ADDRESS } from '../../src/api/http/limits.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { alice, bob, Served } from '../unit/api/served.ts';

const served = new Served({ clock: SystemClock, stallMs: 1_000 }).meet(alice, bob).vote(alice, 500);
let port = 0;
beforeAll(async () => {
  await served.open();
  port = Number(new URL(served.url).port);
});
afterAll(() => served.api.close());

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** Somebody votes, as far as those who follow changes can tell. */
function happen(pubkey: string, slot: number, count = 1): void {
  const via = { route: 'push', from: null } as const;
  const known = { gossip: null, version: null };
  const one = { kind: 'voted', pubkey, old: 1, new: slot, via, ...known } as const;
  served.observer.changes.append(
    Array.from({ length: count }, () => one),
    [],
  );
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await pause(5);
};

describe('real clients', () => {
  it('@solana/kit', async () => {
    const rpc = createSolanaRpc(served.url);
    const nodes = await rpc.getClusterNodes().send();
    expect(nodes.map(({ pubkey }) => String(pubkey))).toContain(alice.address);
    expect(nodes.find(({ pubkey }) => pubkey === address(alice.address))).toMatchObject({
      gossip: `198.51.0.${alice.ip & 255}:8001`,
      version: '4.4.0',
      shredVersion: 20_126,
    });
    expect(await rpc.getHealth().send()).toBe('ok');
    expect((await rpc.getVersion().send())['solana-core']).toBe('0.1.0');
    expect(String((await rpc.getIdentity().send()).identity)).toBe(served.test.identity.address);
    await expect(rpc.getVoteAccounts().send()).rejects.toThrow('--stakes');
    await expect(rpc.getGenesisHash().send()).rejects.toThrow('genesis hash is not known');
    served.stake([alice, 5e9]);
    const votes = await rpc.getVoteAccounts().send();
    expect(votes.current).toMatchObject([
      { nodePubkey: alice.address, lastVote: 500n, activatedStake: 5_000_000_000n, rootSlot: 469n },
    ]);
  });

  it('@solana/web3.js', async () => {
    const connection = new Connection(served.url, { disableRetryOnRateLimit: true });
    const nodes = await connection.getClusterNodes();
    expect(nodes.map(({ pubkey }) => pubkey)).toContain(bob.address);
    expect(await connection.getVersion()).toEqual({ 'feature-set': 0, 'solana-core': '0.1.0' });
    served.stake([alice, 5e9]);
    const { current, delinquent } = await connection.getVoteAccounts();
    expect([current.length, delinquent.length]).toEqual([1, 0]);
    expect(current[0]).toMatchObject({ votePubkey: alice.address, lastVote: 500, commission: 0 });
    await expect(connection.getGenesisHash()).rejects.toThrow('genesis hash is not known');
    await expect(connection.getSlot()).rejects.toThrow('Method not found');
  });

  it('the command line of Solana, which says null for no params', async () => {
    const response = await fetch(served.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'solana-client': 'rust/4.4.0' },
      body: '{"id":0,"jsonrpc":"2.0","method":"getClusterNodes","params":null}',
    });
    const text = await response.text();
    expect(text.startsWith('{"jsonrpc":"2.0","result":[{"clientId":')).toBe(true);
    expect(text.endsWith('}],"id":0}')).toBe(true);
  });
});

describe('streams', () => {
  it('NDJSON and events, from where one stopped', async () => {
    const since = served.observer.changes.latest;
    happen(alice.address, 501);
    const read = async (accept: string): Promise<string> => {
      const url = `${served.url}/v1/changes/stream?since=${since}&kind=voted`;
      const stop = new AbortController();
      const response = await fetch(url, { headers: { accept }, signal: stop.signal });
      expect(response.headers.get('content-type')).toBe(accept);
      let text = '';
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString();
        if (text.includes('"new":501')) break;
      }
      stop.abort();
      return text;
    };
    const lines = (await read('application/x-ndjson')).trim().split('\n');
    const [hello, change] = lines.map((line) => JSON.parse(line) as { kind: string; seq: number });
    expect(hello).toMatchObject({ kind: 'hello', seq: since });
    expect(change).toMatchObject({ kind: 'voted', pubkey: alice.address, new: 501 });
    expect(await read('text/event-stream')).toContain(`id: ${change?.seq}\ndata: {`);
    await until(() => !hasStreams());
  });

  it('a WebSocket, which ends with the socket', async () => {
    const heard: { kind: string; new?: unknown }[] = [];
    const socket = new WebSocket(`${served.url.replace('http', 'ws')}/v1/changes/stream`);
    socket.on('message', (data) => heard.push(...(JSON.parse(String(data)) as typeof heard)));
    await until(() => heard.length > 0);
    happen(bob.address, 502);
    await until(() => heard.length > 1);
    expect(heard).toMatchObject([{ kind: 'hello' }, { kind: 'voted', new: 502 }]);
    socket.close();
    await until(() => !hasStreams());
  });

  const refused = [
    { name: 'elsewhere', path: '/v1/nodes', status: 404 },
    { name: 'with a wrong filter', path: '/v1/changes/stream?kind=x', status: 400 },
    {
      name: 'for the page of a stranger',
      path: '/v1/changes/stream',
      status: 403,
      origin: 'https://evil.example',
    },
  ];
  for (const { name, path, status, origin } of refused) {
    it(`no WebSocket ${name}`, async () => {
      const options = origin === undefined ? {} : { origin };
      const socket = new WebSocket(`${served.url.replace('http', 'ws')}${path}`, options);
      const [, response] = (await once(socket, 'unexpected-response')) as [
        unknown,
        { statusCode: number },
      ];
      expect(response.statusCode).toBe(status);
      socket.on('error', () => {}); // it is told that it never was one
      socket.terminate();
    });
  }
});

const hasStreams = (): boolean => served.api.counts['streams'] !== 0;

/** A connection from an address of the loopback network, and what comes back on it. */
async function raw(
  text: string,
  localAddress = '127.0.0.1',
): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {}); // being cut off is what is tested
  await once(socket, 'connect');
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes.toString();
  });
  const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(heard)));
  socket.write(text);
  return { socket, answer };
}

describe('who behaves badly', () => {
  const cases = [
    { name: 'speaks another language', text: 'SSH-2.0-OpenSSH_9.9\r\n', status: 400 },
    {
      name: 'has huge headers',
      text: `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      status: 431,
    },
    {
      name: 'sends two lengths',
      text: 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
      status: 400,
    },
  ];
  for (const { name, text, status } of cases) {
    it(`and ${name} is told so`, async () => {
      const { answer } = await raw(text);
      const heard = await answer;
      expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(heard).toContain('"message":');
    });
  }

  it('and sends a huge body is cut off', async () => {
    const post = request({ port, method: 'POST', headers: { 'content-type': 'application/json' } });
    post.on('error', () => {}); // the server need not read on
    const answered = once(post, 'response') as Promise<[{ statusCode: number }]>;
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    for (let i = 0; i < 40; i++) post.write(chunk);
    const [{ statusCode }] = await answered;
    expect(statusCode).toBe(413);
    post.destroy();
  });

  it('and goes away in the middle of a body is no bug of ours', async () => {
    const before = served.api.counts['answered'] ?? 0;
    const { socket } = await raw(
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    await pause(50);
    socket.destroy();
    await until(() => (served.api.counts['answered'] ?? 0) > before);
    expect(served.bugs).toEqual([]);
  });

  it('and lists __proto__ among its headers is answered', async () => {
    const { socket, answer } = await raw(
      'GET /healthz HTTP/1.1\r\nhost: x\r\n__proto__: 1\r\nconnection: close\r\n\r\n',
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('and has 16 connections gets no more, others do', async () => {
    const mine = '127.0.0.77';
    const held = await Promise.all(Array.from({ length: MAX_PER_ADDRESS }, () => raw('GET', mine)));
    const more = await raw('GET', mine);
    expect(await more.answer).toMatch(/^HTTP\/1\.1 429 /);
    const other = await raw(
      'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      '127.0.0.78',
    );
    expect(await other.answer).toMatch(/^HTTP\/1\.1 200 /);
    for (const { socket } of held) socket.destroy();
    await until(() => (served.api.counts['open'] ?? 0) < MAX_PER_ADDRESS);
  });

  it('all of them together have 256', async () => {
    const held: Socket[] = [];
    for (let i = 0; i < MAX_CONNECTIONS / MAX_PER_ADDRESS + 1; i++) {
      const some = Array.from({ length: MAX_PER_ADDRESS }, () => raw('GET', `127.0.1.${i + 1}`));
      held.push(...(await Promise.all(some)).map(({ socket }) => socket));
    }
    expect(served.api.counts['open']).toBeLessThanOrEqual(MAX_CONNECTIONS);
    const more = await raw('GET', '127.0.2.1');
    expect(await more.answer).toMatch(/^HTTP\/1\.1 503 /);
    for (const socket of held) socket.destroy();
    await until(() => (served.api.counts['open'] ?? 0) < 8);
  });

  it('and stops reading a stream is disconnected, while others hear everything', async () => {
    const path = `GET /v1/changes/stream HTTP/1.1\r\nhost: x\r\n\r\n`;
    const stuck = await raw(path);
    const other = await raw(path);
    let heard = 0;
    other.socket.on('data', (bytes) => {
      heard += bytes.toString().split('~').length - 1; // one in each change, however it is cut
    });
    await until(() => served.api.counts['streams'] === 2);
    stuck.socket.pause();
    // More than the buffers of two kernels' sockets hold.
    const told = 12_000;
    for (let i = 0; i < told; i += 200) {
      happen(`${'x'.repeat(2_000)}~`, 2, 200);
      await pause(1);
    }
    await until(() => served.api.counts['endedSlow'] === 1);
    await until(() => heard === told);
    await until(() => served.api.counts['streams'] === 1);
    stuck.socket.destroy();
    other.socket.destroy();
    await until(() => !hasStreams());
  });

  it('left no bug behind', () => {
    expect(served.bugs).toEqual([]);
  });
});
