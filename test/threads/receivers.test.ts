import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableDigest } from '../../src/crds/digest.ts';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { createIdentity, type Identity } from '../../src/crypto/identity.ts';
import { chooseVerifier } from '../../src/crypto/verify.ts';
import { ADDRESS_PROVED } from '../../src/gossip/ping.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { type ReceiverName, Runtime } from '../../src/node/runtime.ts';
import { loadSyscalls } from '../../src/node/syscalls.ts';
import { ourVersion } from '../../src/node/version.ts';
import { Counter, counterTotal } from '../../src/shm/counters.ts';
import { SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { Outcome, type OutcomeName, outcomeStage } from '../../src/util/outcome.ts';
import { seededRng } from '../../src/util/rng.ts';
import { writeContactInfo } from '../../src/wire/contact-info-encode.ts';
import { writeValuesHeader } from '../../src/wire/encode.ts';
import { signValue } from '../../src/wire/encode-value.ts';
import { Message, SIGNATURE_BYTES, VALUES_HEADER_BYTES } from '../../src/wire/limits.ts';

/** Rounds of datagrams; the origins of a round are known from the first one on. */
const ORIGINS = 40;
const ROUNDS = 6;

const startedMs = SystemClock.wallMs();
const origins = Array.from({ length: ORIGINS }, (_, i) =>
  createIdentity(new Uint8Array(32).fill(i + 1)),
);

function contactOf(identity: Identity, i: number): Uint8Array {
  const bytes = new Uint8Array(600);
  const end = writeContactInfo(bytes, SIGNATURE_BYTES, {
    pubkey: identity.publicKey,
    wallclock: startedMs,
    outset: startedMs * 1000,
    shredVersion: 7,
    version: ourVersion(),
    sockets: [{ key: 0, ip: LOOPBACK_IP, port: 20_000 + i }],
  });
  identity.sign(bytes, SIGNATURE_BYTES, end, bytes, 0);
  return bytes.subarray(0, end);
}

function lowestSlotOf(identity: Identity, round: number): Uint8Array {
  const sign = (message: Uint8Array): Uint8Array => {
    const signature = new Uint8Array(64);
    identity.sign(message, 0, message.length, signature, 0);
    return signature;
  };
  const wallclock = startedMs + round;
  const from = identity.address;
  return signValue(sign, { kind: 'LowestSlot', index: 0, from, wallclock, lowest: 1000 + round });
}

function push(values: readonly Uint8Array[]): Uint8Array {
  const size = values.reduce((sum, value) => sum + value.length, VALUES_HEADER_BYTES);
  const packet = new Uint8Array(size);
  const key = origins[0]?.publicKey ?? new Uint8Array(32);
  let at = writeValuesHeader(packet, 0, Message.PUSH, key, 0, values.length);
  for (const value of values) {
    packet.set(value, at);
    at += value.length;
  }
  return packet;
}

/** Contact infos, then values of all sorts of luck: new, repeated, damaged, too long, empty, no message. */
function traffic(): { contacts: Uint8Array[]; rest: Uint8Array[] } {
  const rng = seededRng(3);
  const contacts = origins.map((identity, i) => push([contactOf(identity, i)]));
  const rest: Uint8Array[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const identity of origins) {
      const packet = push([lowestSlotOf(identity, round)]);
      rest.push(packet, packet);
      const damaged = packet.slice();
      damaged[rng.below(damaged.length)]! ^= 1 << rng.below(8);
      rest.push(damaged.slice(0, rng.below(3) === 0 ? rng.below(damaged.length) + 1 : undefined));
    }
    rest.push(new Uint8Array(1233), new Uint8Array(1), new Uint8Array(0));
  }
  return { contacts, rest };
}

/** What a node that heard the traffic holds and counted. */
async function hear(receiver: ReceiverName, workers: number, socket: Socket) {
  const identity = createIdentity(new Uint8Array(32).fill(99));
  const ports = {
    clock: SystemClock,
    rng: seededRng(5),
    logger: SILENT_LOGGER,
    verifier: chooseVerifier('sodium').verifier,
    xxhash: await loadXxhash(),
  };
  const runtime = await Runtime.open(
    {
      bindAddress: '127.0.0.1',
      ip: LOOPBACK_IP,
      port: 0,
      workers,
      receiver,
      verifier: 'sodium',
      node: {
        identity,
        shredVersion: 7,
        sockets: [],
        version: ourVersion(),
        entrypoints: [],
        allowPrivate: true,
        eager: false,
        capacities: { ...SMALL_CAPACITIES, batches: 256 },
      },
    },
    ports,
    (error) => {
      throw error;
    },
  );
  const { node } = runtime;
  const { counters } = node.parts.regions;
  node.parts.pings.check = () => ADDRESS_PROVED; // nobody is there to answer
  const { contacts, rest } = traffic();
  const arrived = async (count: number): Promise<void> => {
    const endMs = SystemClock.monoMs() + 50_000;
    const settled = (): number =>
      Object.entries(node.counts().outcomes)
        .filter(([name]) => outcomeStage(Outcome[name as OutcomeName]) !== 'value')
        .reduce((sum, [, n]) => sum + n, 0);
    while (settled() < count && SystemClock.monoMs() < endMs) {
      await new Promise<void>((resolve) => SystemClock.after(5, resolve));
    }
  };
  const send = async (packets: readonly Uint8Array[]): Promise<void> => {
    for (const packet of packets) {
      await new Promise((resolve) => socket.send(packet, runtime.port, '127.0.0.1', resolve));
    }
  };
  await send(contacts);
  await arrived(contacts.length);
  await send(rest);
  await arrived(contacts.length + rest.length);
  await runtime.close();
  // Our own contact info has another key and time each run; what was heard is what is compared.
  node.parts.table.removeOrigin(identity.publicKey, 0, SystemClock.wallMs());
  return {
    received: counterTotal(counters, Counter.DATAGRAMS_RECEIVED),
    sent: contacts.length + rest.length,
    values: node.parts.view.size,
    digest: tableDigest(node.parts.view),
    outcomes: node.counts().outcomes,
  };
}

describe('the same traffic over real sockets', () => {
  const socket = createSocket('udp4');
  beforeAll(() => new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  let first: Awaited<ReturnType<typeof hear>> | undefined;

  const cases: readonly { receiver: ReceiverName; workers: number }[] = [
    { receiver: 'dgram', workers: 0 },
    { receiver: 'dgram', workers: 1 },
    { receiver: 'recvmmsg', workers: 0 },
    { receiver: 'recvmmsg', workers: 1 },
    { receiver: 'recvmmsg', workers: 2 },
  ];
  for (const { receiver, workers } of cases) {
    it(`comes to the same by ${receiver} with ${workers} workers`, async ({ skip }) => {
      const system = loadSyscalls();
      if (receiver === 'recvmmsg' && typeof system === 'string') {
        skip(`no recvmmsg here: ${system}`);
      }
      const heard = await hear(receiver, workers, socket);
      expect(heard.received).toBe(heard.sent);
      expect(heard.values).toBe(2 * ORIGINS);
      first ??= heard;
      expect(heard).toEqual(first);
    });
  }
});
