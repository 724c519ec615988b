import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { dumpValues } from '../src/api/listing.ts';
import { readCapture } from '../src/cli/capture/read-capture.ts';
import { loadXxhash, type Xxhash } from '../src/crypto/hash.ts';
import { createIdentity } from '../src/crypto/identity.ts';
import { chooseVerifier } from '../src/crypto/verify.ts';
import { ADDRESS_PROVED } from '../src/gossip/ping.ts';
import type { Transport } from '../src/node/ports.ts';
import { SILENT_LOGGER } from '../src/node/ports.ts';
import { SpyNode } from '../src/node/spy.ts';
import { ourVersion } from '../src/node/version.ts';
import { ManualClock } from '../src/util/clock.ts';
import { LOOPBACK_IP, parseIp } from '../src/util/ipv4.ts';
import { outcomeStage } from '../src/util/outcome.ts';
import { seededRng } from '../src/util/rng.ts';
import { decodePacket } from '../src/wire/decode.ts';

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url);

interface HeldValue {
  node: string;
  from?: string;
  contactInfo?: { pubkey: string; gossip: string; wallclock: string };
  kind: string;
  wallclock?: string;
  sha256: string;
  bytes: string;
}

interface Datagram {
  timeMs: number;
  ip: number;
  port: number;
  to: number;
  payload: Uint8Array;
}

const originOf = (value: object): string => {
  const { from, contactInfo } = value as Pick<HeldValue, 'from' | 'contactInfo'>;
  return from ?? contactInfo?.pubkey ?? '';
};

const held: HeldValue[] = gunzipSync(readFileSync(fixture('cluster-tables.jsonl.gz')))
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as HeldValue);

/** Which node has which port: each lists itself. */
const portOf = new Map(
  held
    .filter((v) => v.kind === 'ContactInfo' && v.contactInfo?.pubkey === v.node)
    .map((v) => [v.node, Number(v.contactInfo?.gossip.split(':')[1])]),
);

const datagrams: Datagram[] = [];
let xxhash: Xxhash;

beforeAll(async () => {
  xxhash = await loadXxhash();
  for await (const packet of readCapture(readFileSync(fixture('cluster.pcap.gz')))) {
    datagrams.push({
      timeMs: packet.timeMs ?? 0,
      ip: parseIp(packet.sourceIp ?? ''),
      port: packet.sourcePort ?? 0,
      to: packet.destinationPort ?? 0,
      payload: packet.payload,
    });
  }
});

const wallclockOf = (value: object): number => {
  const { wallclock, contactInfo } = value as Pick<HeldValue, 'wallclock' | 'contactInfo'>;
  return Number(wallclock ?? contactInfo?.wallclock);
};

/**
 * What a node heard before its table was written. The tables were written one after the other while the
 * nodes went on: a table is of the moment before the first datagram that brings something newer than
 * everything in it.
 */
function heardBy(port: number, theirs: readonly HeldValue[]): Datagram[] {
  const newest = Math.max(...theirs.map(wallclockOf));
  const all = datagrams.filter((d) => d.to === port);
  const end = all.findIndex(({ payload }) => {
    const { message } = decodePacket(payload);
    if (message?.message !== 'PushMessage' && message?.message !== 'PullResponse') return false;
    return message.values.some((value) => wallclockOf(value) > newest);
  });
  return end < 0 ? all : all.slice(0, end);
}

/** A spy that hears what one recorded node heard, at the times at which it did. */
function replay(heard: readonly Datagram[], port: number): SpyNode {
  const clock = new ManualClock(Math.floor(heard[0]?.timeMs ?? 0) - 1000);
  const node = new SpyNode(
    {
      identity: createIdentity(new Uint8Array(32).fill(7)),
      shredVersion: 20126,
      sockets: [{ key: 0, ip: LOOPBACK_IP, port }],
      version: ourVersion(),
      entrypoints: [],
      allowPrivate: true,
      eager: false,
      capacities: { tableRows: 4096, peerRows: 1024, journalEntries: 4096, batches: 4 },
    },
    {
      transport: silentTransport(),
      clock,
      rng: seededRng(1),
      logger: SILENT_LOGGER,
      verifier: chooseVerifier().verifier,
      xxhash,
    },
  );
  // Nobody is there to answer our pings: their proofs are granted.
  node.parts.pings.check = () => ADDRESS_PROVED;
  node.start();
  for (const { timeMs, ip, port: from, payload } of heard) {
    clock.advance(Math.max(0, Math.floor(timeMs) - clock.wallMs()));
    node.receive(payload, 0, payload.length, ip, from);
    clock.advance(0);
  }
  node.stop();
  return node;
}

function silentTransport(): Transport {
  return {
    open: async () => ({ port: 0 }),
    send() {},
    pending: () => 0,
    kernelDropped: () => 0,
    failedSends: () => 0,
    receiveBufferBytes: () => 0,
    flush() {},
    close: async () => {},
  };
}

describe('a recorded cluster of five Agave nodes, heard again', () => {
  it('knows the port of every node', () => {
    expect([...portOf.values()].sort()).toEqual([18000, 18001, 18002, 18003, 18004]);
  });

  for (const [pubkey, port] of portOf) {
    it(`holds what the node on port ${port} held of the others`, () => {
      const theirs = held.filter((v) => v.node === pubkey && originOf(v) !== pubkey);
      const heard = heardBy(port, theirs);
      const node = replay(heard, port);
      const ours = [...dumpValues(node)].filter(
        (v) => originOf(v) !== node.parts.identity.address && originOf(v) !== pubkey,
      );
      const strip = ({ node: _node, ...value }: HeldValue) => value;
      const bySha = (a: { sha256: string }, b: { sha256: string }) =>
        a.sha256 < b.sha256 ? -1 : 1;
      expect(ours.sort(bySha)).toEqual(theirs.map(strip).sort(bySha));
      expect(theirs.length).toBeGreaterThan(50);
      const counts = node.parts.counters;
      const outcomes = node.counts().outcomes;
      let packets = 0;
      for (let i = 0; i < 128; i++) {
        const count = counts[i] ?? 0;
        if (count > 0 && outcomeStage(i === 0 ? 0 : -i) !== 'value') packets += count;
      }
      expect(packets, JSON.stringify(outcomes)).toBe(heard.length);
      expect(heard.length).toBeGreaterThan(900);
    });
  }
});
