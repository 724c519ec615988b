/** `nodes`, `values`, `dump` and `verify` as a user runs them, against a spy that is made up. */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ValueJson } from '../../src/api/value-json.ts';
import { Command, expectSentence, freePort, Leftovers, run } from './command.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

const fixture = new URL('../fixtures/cluster-tables.jsonl.gz', import.meta.url);
const values = gunzipSync(readFileSync(fixture))
  .toString()
  .trim()
  .split('\n')
  .slice(0, 40)
  .map((line) => JSON.parse(line) as ValueJson);

const KEYS = ['45soN3tBPWDpi4Mp6mLLPDvc7Fdq5BYryo4uLDJEFvXw', '11111111111111111111111111111111'];
const nodes = KEYS.map((pubkey, i) => ({
  pubkey,
  proved: i === 0,
  stake: null,
  liveness: null,
  firstSeenMs: 0,
  lastSeenMs: 0,
  gossip: `192.0.2.${i}:8001`,
  tvu: null,
  rpc: null,
  tpuQuic: null,
  version: ['4.4.0', '4.3.1'][i],
  client: ['Agave', 'Firedancer'][i],
  clientId: [3, 5][i],
  commit: '00000000',
  featureSet: 0,
  shredVersion: 1,
  wallclock: 1_787_000_000_000,
  outset: '1787000000000000',
  sockets: [],
}));

const asked: string[] = [];

/** A spy that gives one node and ten values a page, and has its moods. */
const spy = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://spy');
  asked.push(`${pathname}?${searchParams}`);
  const after = Number(searchParams.get('after') ?? 0);
  const reply = (status: number, body: string): void => {
    response.writeHead(status).end(body);
  };
  if (pathname.startsWith('/html')) return reply(200, '<html>');
  if (pathname.startsWith('/moody')) {
    return reply(429, '{"error":{"code":"X","message":"Come back later."}}');
  }
  const size = pathname === '/v1/nodes' ? 1 : 10;
  const all: unknown[] = pathname === '/v1/nodes' ? nodes : values;
  const next = after + size < all.length ? after + size : null;
  const page = all.slice(after, after + size);
  reply(200, JSON.stringify({ [pathname === '/v1/nodes' ? 'nodes' : 'values']: page, next }));
});
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => spy.listen(0, '127.0.0.1', resolve));
  leftovers.add(spy, (server) => server.close());
  url = `http://127.0.0.1:${(spy.address() as AddressInfo).port}`;
});

describe.concurrent('exports of a spy that runs', () => {
  it('nodes as a table, over all pages', async () => {
    const { status, stdout, stderr } = await run('nodes', '-u', `${url}/`);
    expect([status, stderr]).toEqual([0, `2 of 2 nodes, told by the spy at ${url}\n`]);
    expect(stdout.split('\n').map((line) => line.split(/ +/).slice(0, 3))).toEqual([
      ['Gossip', 'Identity', 'Version'],
      ['192.0.2.0:8001', KEYS[0], '4.4.0'],
      ['192.0.2.1:8001', KEYS[1], '4.3.1'],
      [''],
    ]);
  });

  it('nodes that fit, as CSV, by environment', async () => {
    const env = { EARSHOT_URL: url, EARSHOT_CSV: '1', EARSHOT_COLUMNS: 'pubkey,client' };
    const { stdout } = await new Command(['nodes', '--version', '<4.4', '--unproved'], env).result;
    expect(stdout).toBe(`pubkey,client\n${KEYS[1]},Firedancer\n`);
  });

  it('a dump that verifies, and one that does not', async () => {
    const path = leftovers.path('dump.jsonl');
    const dumped = await run('dump', '-u', url, '-o', path);
    expect(dumped).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(asked).toContain('/v1/values?bytes=true&limit=1000');
    const good = await run('verify', path);
    expect(good).toMatchObject({ status: 0, stderr: '' });
    expect(good.stdout).toBe(
      `All ${values.length} values are good: each is signed by its origin and says what the file says.\n`,
    );
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[6] = lines[6]!.replace(/"length":(\d)/, '"length":9$1');
    writeFileSync(path, lines.join('\n'));
    const bad = await run('verify', path);
    expect(bad).toMatchObject({ status: 1, stdout: '' });
    expectSentence(bad, /^earshot: 1 of 40 values fails\. The first is on line 7, \w+ of \w+: it /);
  });

  it('values of one kind are asked for as such, without their bytes', async () => {
    const { stdout } = await run('values', '-u', url, '--kind', 'vote', '--jsonl', '--limit', '2');
    expect(asked).toContain('/v1/values?kind=Vote&limit=1000');
    const kinds = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as ValueJson).kind);
    expect(kinds).toEqual(['Vote', 'Vote']);
  });
});

describe.concurrent('an export that cannot be', () => {
  const cases = [
    {
      name: 'nobody listens',
      args: async () => ['nodes', '-u', `http://127.0.0.1:${await freePort()}`],
      says: /No spy answers at .* \(ECONNREFUSED\)\. Start one with earshot spy --http/,
    },
    {
      name: 'no spy but a page',
      args: async () => ['dump', '-u', `${url}/html`],
      says: /answers \(200 OK\), but not as a spy does\. Give the address after --http/,
    },
    {
      name: 'a spy that refuses',
      args: async () => ['nodes', '-u', `${url}/moody`],
      says: /^earshot: The spy at .* says: Come back later\./,
    },
    {
      name: 'no such column',
      args: async () => ['nodes', '-u', url, '--sort', 'size'],
      says: /There is no column "size"\. Choose from pubkey, /,
    },
    {
      name: 'a folder that is not there',
      args: async () => ['dump', '-u', url, '-o', leftovers.path('no/dump')],
      says: /Cannot write .*dump .*Give --output a file in a folder that exists/,
    },
  ];
  for (const { name, args, says } of cases) {
    it(name, async () => {
      const result = await run(...(await args()));
      expect([result.status, result.stdout]).toEqual([1, '']);
      expectSentence(result, says);
    });
  }

  it('a full disk', async (ctx) => {
    if (!existsSync('/dev/full')) ctx.skip('/dev/full is not here, which is always full');
    const full = openSync('/dev/full', 'w');
    const result = await new Command(['nodes', '-u', url, '--csv'], {}, full).result;
    closeSync(full);
    expect(result.status).toBe(1);
    expectSentence(result, /Writing to standard output failed: ENOSPC.*check that there is room/);
  });
});
