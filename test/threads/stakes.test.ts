/** Stakes over real connections: an RPC node that behaves in every way it can, and the command line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIdentity, createSpy, type Spy, SpyError } from '../../src/index.ts';
import { MAX_STAKE_BYTES, stakeSource } from '../../src/node/stakes.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { SOCKET_NAMES } from '../../src/wire/limits.ts';
import { Command, type Result, run } from '../cli/command.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const identity = createIdentity(new Uint8Array(32).fill(3));
const account = { nodePubkey: identity.address, activatedStake: 1_250_000_000 };
const GOOD = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { current: [account], delinquent: [account] },
});
const never = new AbortController().signal;

let server: Server;
let base: string;
let answer: Answer = (response) => response.end(GOOD);
let asked: { request: IncomingMessage; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      asked.push({ request, body });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function errorOf(work: Promise<unknown>): Promise<SpyError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SpyError)) return expect.fail(`no SpyError but ${String(error)}`);
  return error;
}

describe('an RPC node', () => {
  it('is asked for its vote accounts as rooted, with the path, query and password of the URL', async () => {
    answer = (response) => response.end(GOOD);
    asked = [];
    const source = stakeSource(`${base.replace('//', '//me:a%20b@')}/path?api-key=secret`);
    const stakes = await source.load(never);
    expect(stakes?.get(identity.publicKey, 0)).toBe(2_500_000_000);
    const [{ request, body } = expect.fail('not asked')] = asked;
    expect([request.method, request.url]).toEqual(['POST', '/path?api-key=secret']);
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^earshot\//),
      authorization: `Basic ${Buffer.from('me:a b').toString('base64')}`,
    });
    expect(JSON.parse(body)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'getVoteAccounts',
      params: [{ commitment: 'finalized' }],
    });
  });

  const status =
    (code: number, text = ''): Answer =>
    (response) => {
      response.writeHead(code, { location: '/elsewhere' });
      response.end(text);
    };
  const text =
    (body: string | Uint8Array, headers = {}): Answer =>
    (response) => {
      response.writeHead(200, headers);
      response.end(body);
    };
  const endless: Answer = (response) => {
    const chunk = Buffer.alloc(1 << 20, ' ');
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', write);
    write();
  };
  const bomb = gzipSync(Buffer.alloc(MAX_STAKE_BYTES + 1, ' '), { level: 1 });
  const gzip = { 'content-encoding': 'gzip' };

  const cases: { name: string; answer: Answer; code: string; says: string }[] = [
    {
      name: 'wants a key',
      answer: status(401),
      code: 'STAKES_HTTP_STATUS',
      says: '401. Check the key',
    },
    {
      name: 'refuses',
      answer: status(403, 'no\u0007'),
      code: 'STAKES_HTTP_STATUS',
      says: '("no?")',
    },
    {
      name: 'is none',
      answer: status(404),
      code: 'STAKES_HTTP_STATUS',
      says: '404. Check the URL',
    },
    { name: 'is busy', answer: status(429), code: 'STAKES_HTTP_STATUS', says: 'asked too often' },
    { name: 'is broken', answer: status(502), code: 'STAKES_HTTP_STATUS', says: 'over there' },
    { name: 'sends us elsewhere', answer: status(301), code: 'STAKES_HTTP_STATUS', says: '301' },
    { name: 'has moved', answer: status(307), code: 'STAKES_HTTP_STATUS', says: '307' },
    { name: 'says nothing', answer: text(''), code: 'STAKES_NOT_JSON', says: 'is not JSON' },
    { name: 'is a web page', answer: text('<html>'), code: 'STAKES_NOT_JSON', says: '<' },
    { name: 'speaks no RPC', answer: text('{}'), code: 'STAKES_MALFORMED', says: 'not JSON-RPC' },
    { name: 'says null', answer: text('null'), code: 'STAKES_MALFORMED', says: 'not JSON-RPC' },
    {
      name: 'does not know the method',
      answer: text('{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"}}'),
      code: 'STAKES_RPC_ERROR',
      says: '(-32601: Method not found)',
    },
    {
      name: 'has no validators',
      answer: text('{"result":{"current":[],"delinquent":[]}}'),
      code: 'STAKES_EMPTY',
      says: 'no node with stake',
    },
    { name: 'never ends', answer: endless, code: 'STAKES_TOO_LARGE', says: 'over 16 MiB' },
    {
      name: 'sends a bomb',
      answer: text(bomb, gzip),
      code: 'STAKES_TOO_LARGE',
      says: 'over 16 MiB',
    },
    { name: 'packs badly', answer: text('x', gzip), code: 'STAKES_NOT_JSON', says: 'is not JSON' },
    {
      name: 'hangs up in the middle',
      answer: (response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"result"', () => response.destroy());
      },
      code: 'STAKES_UNREACHABLE',
      says: 'cannot be reached',
    },
    {
      name: 'hangs up at once',
      answer: (response) => response.destroy(),
      code: 'STAKES_UNREACHABLE',
      says: 'cannot be reached',
    },
  ];
  for (const { name, answer: given, code, says } of cases) {
    it(`that ${name} is told of`, async () => {
      answer = given;
      const error = await errorOf(stakeSource(`${base}/secret?k=secret`).load(never));
      expect([error.code, error.message], name).toEqual([code, expect.stringContaining(says)]);
      expect(error.message, name).toContain(base);
      expect(error.message, name).not.toContain('secret');
    });
  }

  it('that does not listen is told of with the reason', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await new Promise((resolve) => other.close(resolve));
    const error = await errorOf(stakeSource(`http://127.0.0.1:${port}`).load(never));
    expect(error.code).toBe('STAKES_UNREACHABLE');
    expect(error.message).toContain('(ECONNREFUSED)');
  });

  for (const [name, slow] of Object.entries<Answer>({
    'does not answer': () => {},
    'does not go on': (response) => response.write('{"result"'),
  })) {
    it(`that ${name} is left when told so`, async () => {
      const reason = new Error('too slow');
      const stop = new AbortController();
      const closed = new Promise<void>((resolve) => {
        answer = (response, request) => {
          slow(response, request);
          response.on('close', resolve);
          stop.abort(reason);
        };
      });
      await expect(stakeSource(base).load(stop.signal), name).rejects.toBe(reason);
      await closed;
    });
  }
});

describe('earshot spy --stakes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-stakes-'));
  const shredVersion = 20_126;
  const good = join(folder, 'good.csv');
  const bad = join(folder, 'bad.csv');
  const stats = join(folder, 'stats.json');
  let node: Spy;
  let runs: Promise<Result>[] = [];

  const spy = (...flags: string[]): string[] => {
    const to = ['-n', node.gossip, '--shred-version', `${shredVersion}`];
    const until = ['--bind-address', '127.0.0.1', '-N', '1', '--timeout', '20', '--workers', '0'];
    return ['spy', ...to, ...until, '--receiver', 'dgram', ...flags];
  };

  beforeAll(async () => {
    node = await createSpy({
      identity,
      shredVersion,
      bindAddress: '127.0.0.1',
      allowPrivate: true,
      sockets: [{ key: SOCKET_NAMES.indexOf('tvu'), ip: LOOPBACK_IP, port: 9 }],
      size: 'small',
      workers: 0,
      stakes: new Map([[identity.address, 7n * 10n ** 9n]]),
    });
    answer = (response, request) => {
      response.statusCode = request.url === '/down' ? 503 : 200;
      response.end(request.url === '/down' ? '' : GOOD);
    };
    writeFileSync(good, `identity,sol\n${identity.address},1234567.8\n`);
    writeFileSync(bad, `${identity.address},many\n`);
    // At once: one that took over the port of another would wait for its next ping.
    // Those that log write past the streams of this process.
    runs = [
      new Command(spy('--stakes', base, '--json', '--stats', stats)).result,
      run(...spy('--stakes', good, '--log-level', 'error')),
      new Command(spy('--stakes', `${base}/down`)).result,
      run(...spy('--stakes', bad)),
    ];
  });
  afterAll(async () => {
    await node.stop();
    rmSync(folder, { recursive: true });
  });

  it('shows the stake of each node, warns that few have any, and counts', async () => {
    const { stdout, stderr } = await runs[0]!;
    const { nodes } = JSON.parse(stdout);
    const found = nodes.find(({ pubkey }: { pubkey: string }) => pubkey === identity.address);
    expect(found).toMatchObject({ stake: 2.5, proved: true });
    const logged = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(logged).toContainEqual(expect.objectContaining({ level: 40, nodes: 1, needed: 500 }));
    expect(JSON.parse(readFileSync(stats, 'utf8')).stakes).toEqual({
      source: base,
      nodes: 1,
      sol: 2.5,
      loads: 1,
      failures: {},
    });
  });

  it('from a file, in the table and the sum', async () => {
    const { stdout } = await runs[1]!;
    expect(stdout).toMatch(/Gossip +Identity +Stake +Version/);
    expect(stdout).toMatch(new RegExp(`${node.gossip} +${identity.address} +1,234,567 `));
    expect(stdout).toMatch(/^Stake: {4}1 node with 1,234,568 SOL$/m);
  });

  it('goes on without when the RPC node fails, and the table has no such column', async () => {
    const { status, stdout, stderr } = await runs[2]!;
    expect(status).toBe(0);
    expect(stdout).toContain(identity.address);
    expect(stdout).not.toContain('Stake');
    expect(stderr).toContain('HTTP status 503. Something is wrong over there. Going on without');
    expect(stderr).not.toContain('/down');
  });

  it('ends at once when the file is no good', async () => {
    const { status, stderr } = await runs[3]!;
    expect(status).toBe(1);
    expect(stderr).toContain('line 1 has "many" where a stake should be');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
