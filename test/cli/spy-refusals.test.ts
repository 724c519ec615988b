/** What a spy says when it cannot do what it was asked for: one sentence, what to do, status 1. */
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/util/clock.ts';
import { Command, expectSentence, freePort, Leftovers, type Result, run } from './command.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

/** As little as a spy can do with: nobody to ask, and no threads to start. */
async function waiting(...more: readonly string[]): Promise<string[]> {
  const port = await freePort();
  const place = ['--bind-address', '127.0.0.1', '--gossip-port', `${port}`];
  return [
    'spy',
    '--shred-version',
    '7',
    ...place,
    '--workers',
    '0',
    '--receiver',
    'dgram',
    ...more,
  ];
}

async function keyFile(name: string, text: string): Promise<string[]> {
  const path = leftovers.path(name);
  writeFileSync(path, text, { mode: 0o600 });
  return ['spy', '-i', path];
}

/** An entrypoint that takes a connection and says nothing, and how long it was waited for. */
async function silentEntrypoint(): Promise<{ address: string; waitedMs: () => number }> {
  let waitedMs = 0;
  const port = await leftovers.tcp((socket) => {
    const sinceMs = SystemClock.monoMs();
    socket.on('close', () => {
      waitedMs = SystemClock.monoMs() - sinceMs;
    });
  });
  return { address: `127.0.0.1:${port}`, waitedMs: () => waitedMs };
}

const REFUSALS: {
  name: string;
  args: () => Promise<string[]>;
  says: (string | RegExp)[];
  /** Whether it also has to end by itself, although a socket or a thread was under way. */
  isProcess?: boolean;
}[] = [
  {
    name: 'a key file that is not there',
    args: async () => ['spy', '-i', leftovers.path('none.json')],
    says: [/There is no key file at .*none\.json/, /Check the path/],
  },
  {
    name: 'a folder for a key file',
    args: async () => ['spy', '-i', leftovers.path('.')],
    says: [/cannot be read \(EISDIR\)/, /Check that it is a file/],
  },
  {
    name: 'a key file of words',
    args: () => keyFile('words.json', 'my secret'),
    says: [/words\.json is not a key file: .*64 numbers, as solana-keygen writes it/],
  },
  {
    name: 'a dump that cannot be written',
    args: async () => waiting('--dump', leftovers.path('nowhere/dump.jsonl')),
    says: [/Cannot write .*dump\.jsonl .*Give --dump a file in a folder that exists/],
  },
  {
    name: 'an entrypoint without a port',
    args: async () => ['spy', '-n', 'localhost'],
    says: [/"localhost" is no entrypoint: write HOST:PORT, for example/],
  },
  {
    name: 'an entrypoint whose name means nothing',
    args: async () => ['spy', '-n', `${'x'.repeat(70)}.invalid:8001`],
    says: [/The name x+\.invalid has no IPv4 address here\. Check the spelling/],
  },
  {
    name: 'an entrypoint where nothing listens',
    args: async () => ['spy', '-n', `127.0.0.1:${await freePort()}`],
    says: [/cannot be reached: nothing listens there\./, /Check the address and that outgoing/],
  },
  {
    name: 'an entrypoint that speaks HTTP',
    args: async () => {
      const reply = 'HTTP/1.1 400 Bad Request\r\n\r\n';
      return ['spy', '-n', `127.0.0.1:${await leftovers.tcp((s) => s.end(reply))}`];
    },
    says: [/looks like a JSON-RPC port\. An entrypoint's gossip port is usually 8001/],
  },
  {
    name: 'an entrypoint that never answers',
    isProcess: true,
    args: async () => ['spy', '-n', `127.0.0.1:${await leftovers.tcp(() => {})}`],
    says: [
      /did not answer within 5 s/,
      /with --shred-version and --bind-address the answer is not/,
    ],
  },
  {
    name: 'a wrong shred version',
    args: async () => [
      'spy',
      '-n',
      `127.0.0.1:${await leftovers.echo(20_126)}`,
      '--shred-version',
      '7',
    ],
    says: [/is on shred version 20126, not 7: no node of its cluster would answer/],
  },
  {
    name: 'a port that is taken',
    isProcess: true,
    args: async () => {
      const port = `${await leftovers.takenPort()}`;
      return ['spy', '--shred-version', '7', '--bind-address', '127.0.0.1', '--gossip-port', port];
    },
    says: [/UDP port 127\.0\.0\.1:\d+ is in use by another program\. Choose another/],
  },
  {
    name: 'an address of another machine',
    args: async () => {
      const port = `${await freePort()}`;
      return ['spy', '--shred-version', '7', '--bind-address', '192.0.2.1', '--gossip-port', port];
    },
    says: [/192\.0\.2\.1 is no address of this machine\. Give --bind-address one that is/],
  },
];

describe.concurrent('refused before the start', () => {
  for (const { name, args, says, isProcess = false } of REFUSALS) {
    it(name, async () => {
      const line = await args();
      const result = await (isProcess ? new Command(line).result : run(...line));
      expect([result.status, result.stdout]).toEqual([1, '']);
      expectSentence(result, ...says);
    });
  }

  it('without waiting for an entrypoint that is silent', async () => {
    const silent = await silentEntrypoint();
    const args = await waiting('-n', silent.address);
    args[args.indexOf('--gossip-port') + 1] = `${await leftovers.takenPort()}`;
    const result = await new Command(args).result;
    expectSentence(result, /is in use by another program/);
    expect(silent.waitedMs()).toBeLessThan(4_500);
  });
});

describe.concurrent('found out later: what was found is printed all the same', () => {
  const listing = (result: Result): object => JSON.parse(result.stdout) as object;

  it('a wrong shred version', async () => {
    const entrypoint = `127.0.0.1:${await leftovers.echo(20_126)}`;
    const result = await run(...(await waiting('-n', entrypoint, '--json')));
    expect(result.status).toBe(1);
    expectSentence(result, /is on shred version 20126, not 7/);
    expect(listing(result)).toMatchObject({ shredVersion: 7, nodes: [] });
  });

  it('nobody there, with an entrypoint', async () => {
    const silent = await silentEntrypoint();
    const more = ['-n', silent.address, '--timeout', '0.3', '--json'];
    const result = await new Command(await waiting(...more)).result;
    expect(result.status).toBe(1);
    expectSentence(result, /Nobody answered\. Check that UDP gets out and back in/);
    expect(listing(result)).toMatchObject({ nodes: [] });
    expect(silent.waitedMs(), 'the silent one is not waited for').toBeLessThan(4_500);
  });

  it('nobody there, without an entrypoint', async () => {
    const result = await run(...(await waiting('--timeout', '0.3')));
    expect(result.status).toBe(1);
    expectSentence(result, /Nobody spoke to us\. .*name 127\.0\.0\.1:\d+ to other nodes/);
    expect(result.stdout).toMatch(/^0 nodes/);
  });

  it('too few nodes', async () => {
    const result = await run(...(await waiting('--timeout', '0.2', '-N', '3')));
    expect(result.status).toBe(1);
    const says = /Insufficient validators discovered: 0\. Expecting 3 or more\. Give it longer/;
    expectSentence(result, says);
  });
});

describe.concurrent('a signal while the entrypoints are asked ends it at once, with a sentence', () => {
  const cases = [
    { signal: 'SIGINT', status: 130, args: ['spy'] },
    { signal: 'SIGTERM', status: 143, args: ['nodes', '--json'] },
    { signal: 'SIGINT', status: 130, args: ['capture', '-'] },
  ] as const;
  for (const { signal, status, args } of cases) {
    it(`${signal}: earshot ${args.join(' ')}`, async () => {
      let tellAsked = (): void => {};
      const asked = new Promise<void>((resolve) => {
        tellAsked = resolve;
      });
      const silent = await leftovers.tcp(() => tellAsked());
      const command = new Command([...args, '-n', `127.0.0.1:${silent}`]);
      await asked;
      expect(await command.end(signal)).toBeLessThan(2_000);
      const result = await command.result;
      expect(result.status).toBe(status);
      expectSentence(result, /Interrupted while asking the entrypoints\. Nothing was heard yet/);
    });
  }
});
