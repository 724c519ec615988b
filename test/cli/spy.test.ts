/** A spy at work, beside a node in this process that it finds. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeInfo } from '../../src/api/nodes.ts';
import { createIdentity, createSpy, type Spy } from '../../src/index.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { SOCKET_NAMES } from '../../src/wire/limits.ts';
import { Command, freePort, Leftovers, run } from './command.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

const CLUSTER = 4_242;
const friendIdentity = createIdentity(new Uint8Array(32).fill(77));
let friend: Spy;

beforeAll(async () => {
  const sockets = [{ key: SOCKET_NAMES.indexOf('tvu'), ip: LOOPBACK_IP, port: 4_000 }];
  friend = await createSpy({
    identity: friendIdentity,
    shredVersion: CLUSTER,
    bindAddress: '127.0.0.1',
    gossipPort: await freePort(),
    allowPrivate: true,
    workers: 0,
    receiver: 'dgram',
    sockets,
  });
  leftovers.add(friend, (spy) => spy.stop());
});

/** A spy that asks our friend; without threads, which make a start slower. */
async function spying(...more: readonly string[]): Promise<string[]> {
  const port = `${await freePort()}`;
  const light = ['--workers', '0', '--receiver', 'dgram'];
  return ['spy', '-n', friend.gossip, '--gossip-port', port, ...light, ...more];
}

interface Listing {
  identity: string;
  shredVersion: number;
  elapsedMs: number;
  nodes: NodeInfo[];
}

describe.concurrent('a spy', () => {
  it('prints one JSON document, and logs on stderr alone', async () => {
    const flags = ['-N', '1', '--timeout', '15', '--json', '--log-level', 'debug'];
    const { status, stdout, stderr } = await new Command(await spying(...flags)).result;
    expect(status, stderr).toBe(0);
    expect(stdout.trimEnd().split('\n').length).toBe(1);
    const { identity, shredVersion, elapsedMs, nodes } = JSON.parse(stdout) as Listing;
    expect(shredVersion).toBe(CLUSTER);
    expect(elapsedMs).toBeGreaterThan(0);
    expect(identity).not.toBe(friendIdentity.address);
    const found = nodes.find(({ pubkey }) => pubkey === friendIdentity.address);
    expect(found).toMatchObject({
      proved: true,
      gossip: friend.gossip,
      tvu: '127.0.0.1:4000',
      rpc: null,
      shredVersion: CLUSTER,
    });
    expect(
      nodes.some(({ pubkey }) => pubkey === identity),
      'not itself',
    ).toBe(false);
    for (const line of stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
    expect(stderr).toContain('"joined"');
  });

  it('prints a table where nobody wants JSON, and writes dump and stats', async () => {
    const files = ['--dump', leftovers.path('dump.jsonl'), '--stats', leftovers.path('stats.json')];
    const key = friendIdentity.address;
    const args = await spying('-p', key, '--timeout', '15', ...files);
    const { status, stdout, stderr } = await run(...args);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+ .*${key}.* yes( |$)`, 'm'));
    expect(stdout).toMatch(/answered our ping/);
    const dump = readFileSync(leftovers.path('dump.jsonl'), 'utf8').trimEnd().split('\n');
    const values = dump.map(
      (line) => JSON.parse(line) as { kind: string; contactInfo?: { pubkey: string } },
    );
    expect(values.some(({ contactInfo }) => contactInfo?.pubkey === key)).toBe(true);
    for (const value of values) {
      expect(Object.keys(value)).toEqual(expect.arrayContaining(['kind', 'sha256', 'bytes']));
    }
    const stats = JSON.parse(readFileSync(leftovers.path('stats.json'), 'utf8')) as {
      datagrams: { received: number; shed: number; outcomes: Record<string, number> };
      table: { values: number; byKind: Record<string, number> };
      process: Record<string, number>;
    };
    const outcomes = Object.values(stats.datagrams.outcomes).reduce((a, b) => a + b, 0);
    expect(outcomes).toBe(stats.datagrams.received);
    expect(stats.table.values).toBe(values.length);
    expect(Object.values(stats.process).every((n) => Number.isFinite(n))).toBe(true);
  });

  it('is who its key file says', async () => {
    const path = leftovers.path('spy.json');
    const { stdout: address } = await run('keygen', path);
    const args = await spying('-i', path, '-N', '1', '--timeout', '15', '--json');
    const { status, stdout, stderr } = await run(...args);
    expect([status, stderr]).toEqual([0, '']);
    expect(`${(JSON.parse(stdout) as Listing).identity}\n`).toBe(address);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`on ${signal} stops within 2 s and prints what was found, with status 0`, async () => {
      const command = new Command(await spying('--json', '--log-level', 'info'));
      await command.said(/"joined"/);
      await new Promise<void>((resolve) => SystemClock.after(300, resolve)); // until it listens
      expect(await command.end(signal)).toBeLessThan(2_000);
      const { status, stdout } = await command.result;
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ shredVersion: CLUSTER });
    });
  }

  it('does not mind a reader that has gone away', async () => {
    const command = new Command(await spying('-N', '1', '--timeout', '15'));
    command.child.stdout!.destroy();
    const { status, stderr } = await command.result;
    expect([status, stderr]).toEqual([0, '']);
  });

  it('starts and stops with threads of its own', async () => {
    const args = ['spy', '-n', friend.gossip, '--gossip-port', `${await freePort()}`];
    const more = ['--workers', '2', '-N', '1', '--timeout', '15', '--json'];
    const result = await new Command([...args, ...more]).result;
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect((JSON.parse(result.stdout) as Listing).nodes.length).toBeGreaterThan(0);
  });
});
