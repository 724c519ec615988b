/** One attack after the other on one node with real signatures, with books about who got what for it. */
import { deflateRawSync } from 'node:zlib';
import { parseIp } from '../../src/util/ipv4.ts';
import type { Rng } from '../../src/util/rng.ts';
import type { ValueData } from '../../src/wire/decoded.ts';
import { Message, PACKET_BYTES } from '../../src/wire/limits.ts';
import type { TestNode } from '../unit/node/harness.ts';
import { OUR_IP } from '../unit/node/harness.ts';
import { forged, Peer } from '../unit/node/peer.ts';

/** IPv4 and UDP: what a link carries besides. @source reliability G8 */
const HEADER_BYTES = 28;

/** An address that an attack makes use of. */
export interface Place {
  readonly ip: number;
  readonly port: number;
}

/** What is done in one tenth of a second. */
export interface Attack {
  readonly name: string;
  /** @param step counts the tenths of a second */
  readonly act: (field: Field, step: number) => void;
}

/** Traffic of one IP, in order of time. */
interface Traffic {
  readonly atMs: number[];
  /** Positive for what came in, negative for what went out. */
  readonly bytes: number[];
}

/** What an attack came to. */
export interface Toll {
  /** Largest share of bytes and packets out to bytes and packets in, at any moment since the start. */
  bytesRatio: number;
  packetsRatio: number;
  /** The same within the worst second, against what came in that second and in the two before. */
  worstSecondBytes: number;
  worstSecondPackets: number;
  /** Most pings to one address, and to one IP, in any 20 s, where the address was merely named. */
  pingsPerAddress: number;
  pingsPerIp: number;
  packetsIn: number;
  packetsOut: number;
}

/** A second's answers may be to what came up to two seconds before: a ping is repeated then. */
const LOOK_BACK_MS = 2_100;
const SECOND_MS = 1_000;
const QUIET_MS = 20_000;

/** The node, its attacker, and the books. */
export class Field {
  readonly test: TestNode;
  /** Somebody honest, whose address is proved. */
  readonly friend: Peer;
  readonly rng: Rng;
  readonly #sources = new Map<number, Traffic>();
  readonly #all: Traffic = { atMs: [], bytes: [] };
  readonly #pings = new Map<string, number[]>();
  readonly #pingsOfIp = new Map<number, number[]>();
  #keys = 1_000;
  #tokens = 0;

  constructor(test: TestNode, friend: Peer, rng: Rng) {
    this.test = test;
    this.friend = friend;
    this.rng = rng;
  }

  /** Somebody nobody has heard of, at an address of an attacker or victim. */
  stranger(place: Place): Peer {
    return new Peer(this.#keys++, place.ip, place.port);
  }

  token(): Uint8Array<ArrayBuffer> {
    const token = new Uint8Array(32);
    new DataView(token.buffer).setUint32(0, ++this.#tokens);
    return token;
  }

  /** Sends a datagram as if from there. */
  send(from: Place, ...datagrams: readonly Uint8Array[]): void {
    const { clock } = this.test;
    for (const bytes of datagrams) {
      const traffic = this.#of(from.ip);
      for (const { atMs, bytes: sizes } of [traffic, this.#all]) {
        atMs.push(clock.monoMs());
        sizes.push(bytes.length + HEADER_BYTES);
      }
      this.test.from(from, bytes);
    }
  }

  /** Books what left, to whom. */
  book(): void {
    for (const { bytes, ip, port, atMs } of this.test.take()) {
      for (const { atMs: times, bytes: sizes } of [this.#of(ip), this.#all]) {
        times.push(atMs);
        sizes.push(-(bytes.length + HEADER_BYTES));
      }
      if (bytes[0] !== Message.PING) continue;
      note(this.#pings, `${ip}:${port}`, atMs);
      note(this.#pingsOfIp, ip, atMs);
    }
  }

  /** The books, closed. @param named IPs that never sent anything themselves: they get pings alone */
  toll(named: ReadonlySet<number>): Toll {
    const sources = [...this.#sources].filter(([ip]) => !named.has(ip));
    const all = merge(sources.map(([, traffic]) => traffic));
    const each = [...sources.map(([, traffic]) => traffic), all];
    const over = (measure: (traffic: Traffic) => number): number =>
      Math.max(0, ...each.map(measure));
    return {
      bytesRatio: over((t) => everRatio(t, (b) => b)),
      packetsRatio: over((t) => everRatio(t, Math.sign)),
      worstSecondBytes: over((t) => secondRatio(t, (b) => b)),
      worstSecondPackets: over((t) => secondRatio(t, Math.sign)),
      pingsPerAddress: most(this.#pings),
      pingsPerIp: most(this.#pingsOfIp),
      packetsIn: all.bytes.filter((b) => b > 0).length,
      packetsOut: all.bytes.filter((b) => b < 0).length,
    };
  }

  #of(ip: number): Traffic {
    let traffic = this.#sources.get(ip);
    if (!traffic) {
      traffic = { atMs: [], bytes: [] };
      this.#sources.set(ip, traffic);
    }
    return traffic;
  }
}

function note<K>(times: Map<K, number[]>, key: K, atMs: number): void {
  const known = times.get(key);
  if (known) known.push(atMs);
  else times.set(key, [atMs]);
}

/** Most within any 20 s. */
function most<K>(times: ReadonlyMap<K, readonly number[]>): number {
  let most = 0;
  for (const list of times.values()) {
    for (let first = 0, last = 0; last < list.length; last++) {
      while (list[last]! - list[first]! >= QUIET_MS) first++;
      most = Math.max(most, last - first + 1);
    }
  }
  return most;
}

function merge(all: readonly Traffic[]): Traffic {
  const events = all.flatMap(({ atMs, bytes }) => atMs.map((at, i) => ({ at, bytes: bytes[i]! })));
  // Answers are booked at the time of the question: what came in comes first.
  events.sort((a, b) => a.at - b.at || b.bytes - a.bytes);
  return { atMs: events.map(({ at }) => at), bytes: events.map(({ bytes }) => bytes) };
}

/** Largest share of all that went out so far to all that came in so far. */
function everRatio(traffic: Traffic, weigh: (bytes: number) => number): number {
  const { bytes } = merge([traffic]);
  let [into, out, worst] = [0, 0, 0];
  for (const b of bytes) {
    if (b > 0) into += weigh(b);
    else {
      out -= weigh(b);
      worst = Math.max(worst, out / into);
    }
  }
  return worst;
}

function secondRatio(traffic: Traffic, weigh: (bytes: number) => number): number {
  const { atMs, bytes } = merge([traffic]);
  let worst = 0;
  const lastMs = atMs.at(-1) ?? 0;
  for (let startMs = atMs[0] ?? 0; startMs <= lastMs; startMs += SECOND_MS / 2) {
    let [into, out] = [0, 0];
    for (let i = 0; i < atMs.length; i++) {
      const at = atMs[i]!;
      if (at >= startMs + SECOND_MS) break;
      if (bytes[i]! > 0 && at >= startMs - LOOK_BACK_MS) into += weigh(bytes[i]!);
      if (bytes[i]! < 0 && at >= startMs) out -= weigh(bytes[i]!);
    }
    if (out > 0) worst = Math.max(worst, out / into);
  }
  return worst;
}

/** Where strangers say they are. */
const place = (n: number): Place => ({ ip: parseIp('9.9.0.0') + 1 + (n % 60_000), port: 4_000 });

/** Addresses that are named and never speak. */
export const VICTIM: Place = { ip: parseIp('11.11.11.11'), port: 9_000 };

/** Addresses that nobody can be at, or that are ours. */
export const NOWHERE: readonly Place[] = [
  { ip: VICTIM.ip, port: 0 },
  { ip: 0, port: 9_000 },
  { ip: parseIp('255.255.255.255'), port: 9_000 },
  { ip: parseIp('224.0.0.1'), port: 9_000 },
  { ip: parseIp('10.0.0.1'), port: 9_000 },
  { ip: parseIp('127.0.0.1'), port: 9_000 },
  { ip: OUR_IP, port: 8_001 },
];

/** Less than 900 bytes that say they are 850,000. */
function bomb(): Buffer {
  return deflateRawSync(Buffer.alloc(850_000), { level: 9 });
}

/** Every way in which a stranger could try to make us send more than it did. */
export const ATTACKS: readonly Attack[] = [
  {
    name: 'pings of one key from one address',
    act(field) {
      const peer = field.stranger(place(1));
      for (let i = 0; i < 25; i++) field.send(place(1), peer.ping(field.token()));
    },
  },
  {
    name: 'pings of ever new keys from ever new addresses',
    act(field, step) {
      for (let i = 0; i < 20; i++) {
        const from = place(20 * step + i);
        field.send(from, field.stranger(from).ping(field.token()));
      }
    },
  },
  {
    name: 'pings and pongs with bad signatures',
    act(field, step) {
      const { key } = new Peer(1);
      for (let i = 0; i < 20; i++)
        field.send(place(step), forged('ping', key), forged('pong', key));
    },
  },
  {
    name: 'the dearest pull requests, of strangers who name their own address',
    act(field, step) {
      for (let i = 0; i < 5; i++) {
        const from = place(5 * step + i);
        const request = { maskBits: 6, bitLength: 4_000, keyCount: 8 };
        const peer = field.stranger(from);
        const wallclock = field.test.clock.wallMs();
        field.send(from, peer.pullRequest(request, peer.contact({ wallclock })));
      }
    },
  },
  {
    name: 'pull requests that name a victim',
    act(field, step) {
      for (let i = 0; i < 5; i++) {
        const from = place(5 * step + i);
        const peer = field.stranger(VICTIM);
        const wallclock = field.test.clock.wallMs();
        field.send(from, peer.pullRequest({}, peer.contact({ wallclock })));
      }
    },
  },
  {
    name: 'odd pull requests: no keys, no bits, a hundred keys, masks of any width',
    act(field, step) {
      const keyCounts = [0, 1, 8, 9, 100];
      const masks = [0, 5, 32, 63, 64, 0xffffffff];
      const from = place(step);
      const peer = field.stranger(from);
      const caller = peer.contact({ wallclock: field.test.clock.wallMs() });
      for (let i = 0; i < 10; i++) {
        const keyCount = keyCounts[(step + i) % keyCounts.length]!;
        const maskBits = masks[(step + i) % masks.length]!;
        const bitLength = i % 3 === 0 ? 0 : 64;
        const request = peer.pullRequest({ keyCount, maskBits, bitLength }, caller);
        if (request.length <= PACKET_BYTES) field.send(from, request);
      }
    },
  },
  {
    name: 'pushes of contact infos of many keys that name one victim address',
    act(field, step) {
      const from = place(step);
      const wallclock = field.test.clock.wallMs();
      const values = [1, 2, 3].map(() => field.stranger(VICTIM).contact({ wallclock }));
      field.send(from, field.stranger(from).push(...values));
    },
  },
  {
    name: 'pull responses of contact infos that name every port of one victim',
    act(field, step) {
      const from = place(step);
      const wallclock = field.test.clock.wallMs();
      const values = [1, 2, 3].map((i) =>
        field.stranger({ ip: VICTIM.ip, port: 10_000 + 3 * step + i }).contact({ wallclock }),
      );
      field.send(from, field.stranger(from).response(...values));
    },
  },
  {
    name: 'contact infos that name places where nobody can be, or ourselves',
    act(field, step) {
      const from = place(step);
      const wallclock = field.test.clock.wallMs();
      for (const nowhere of NOWHERE) {
        const value = field.stranger(nowhere).contact({ wallclock });
        field.send(from, field.stranger(from).push(value));
      }
    },
  },
  {
    name: 'contact infos of ever new keys that name where they come from',
    act(field, step) {
      for (let i = 0; i < 10; i++) {
        const from = place(10 * step + i);
        const peer = field.stranger(from);
        field.send(from, peer.push(peer.contact({ wallclock: field.test.clock.wallMs() })));
      }
    },
  },
  {
    name: 'forged, foreign and late prunes of everybody',
    act(field, step) {
      const from = place(step);
      const { test } = field;
      const origins = Array.from({ length: 32 }, (_, i) => new Peer(i + 1).key);
      const nowMs = test.clock.wallMs();
      const peer = field.stranger(from);
      field.send(from, peer.prune(test.identity.publicKey, origins, nowMs));
      field.send(from, peer.prune(new Peer(3).key, origins, nowMs));
      field.send(from, peer.prune(test.identity.publicKey, origins, nowMs - 5_000));
    },
  },
  {
    name: 'garbage of every length with the tag of every message',
    act(field, step) {
      for (let i = 0; i < 20; i++) {
        const bytes = new Uint8Array(1 + field.rng.below(PACKET_BYTES));
        field.rng.fill(bytes);
        if (bytes.length >= 4) bytes.set([i % 7, 0, 0, 0]);
        field.send(place(step), bytes);
      }
    },
  },
  {
    name: 'bombs: slots that inflate to a thousand times their size',
    act(field, step) {
      const { friend, test } = field;
      const wallclock = test.clock.wallMs();
      const compressed = bomb().toString('hex');
      const entries = [{ form: 'Flate2', firstSlot: 1, num: 16_000, compressed }] as const;
      const from = friend.address;
      const value = { kind: 'EpochSlots', index: step, from, wallclock, entries: [...entries] };
      field.send(place(step), friend.push(friend.value(value as ValueData)));
    },
  },
  {
    name: 'our own datagrams, sent back to us from where they went',
    act(field, step) {
      const from = place(step);
      const peer = field.stranger(from);
      field.send(from, peer.push(peer.contact({ wallclock: field.test.clock.wallMs() })));
      for (const sent of field.test.transport.sent.slice(-5)) field.send(sent, sent.bytes);
    },
  },
];
