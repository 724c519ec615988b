/** Somebody who wishes the network ill: spoofs sources, floods, forges, replays, and has keys without end. */

import { sha256 } from '../../src/crypto/hash.ts';
import type { Identity } from '../../src/crypto/identity.ts';
import { ourVersion } from '../../src/node/version.ts';
import { SignedMessages } from '../../src/tasks/gossip.ts';
import type { Rng } from '../../src/util/rng.ts';
import { writeContactInfo } from '../../src/wire/contact-info-encode.ts';
import { signValue, writePullRequest, writeValuesHeader } from '../../src/wire/encode.ts';
import {
  Message,
  PACKET_BYTES,
  SIGNATURE_BYTES,
  VALUES_HEADER_BYTES,
} from '../../src/wire/limits.ts';
import type { Cluster, Machine } from './cluster.ts';
import type { Address } from './plan.ts';
import { PUBLISHED_KINDS, ValueMaker } from './values.ts';

const SHRED_VERSION = 20_126;

/** Ways to attack; a seed draws some of them. */
const ATTACKS = [
  'spoofPings',
  'spoofPulls',
  'nameVictims',
  'badSignatures',
  'garbage',
  'prunes',
  'pullFlood',
  'freshKeys',
  'replay',
  'oddClocks',
] as const;
type Attack = (typeof ATTACKS)[number];

/** Machines beyond all that the plan has. */
const OUTSIDE = 1_000;

/** Acts until it is told to stop. */
export class Adversary {
  readonly attacks: readonly Attack[];
  readonly #cluster: Cluster;
  readonly #rng: Rng;
  readonly #insider: Machine;
  readonly #keys: Identity[] = [];
  readonly #own: Address[] = [];
  /** Sources that are nobody's and named by nobody. */
  readonly #forged: Address[] = [];
  readonly #heard: Uint8Array[] = [];
  readonly #outset: number;
  #isActive = true;
  readonly #acts: Readonly<Record<Attack, (target: Machine) => void>> = {
    spoofPings: (target) => this.#spoofPings(target, 1 + this.#rng.below(20)),
    spoofPulls: (target) => this.#spoofPulls(target),
    nameVictims: (target) => this.#nameVictims(target),
    badSignatures: (target) => this.#badSignatures(target),
    garbage: (target) => this.#garbage(target),
    prunes: (target) => this.#prunes(target),
    pullFlood: (target) => this.#pullFlood(target, 1 + this.#rng.below(30)),
    freshKeys: (target) => this.#freshKeys(target),
    replay: (target) => this.#replay(target),
    oddClocks: (target) => this.#oddClocks(target),
  };

  constructor(cluster: Cluster, insider: Machine, rng: Rng) {
    this.#cluster = cluster;
    this.#insider = insider;
    this.#rng = rng;
    this.#outset = 1_787_000_000_000_000;
    for (let i = 0; i < 6; i++) this.#keys.push(cluster.newIdentity());
    const isPrivate = cluster.plan.allowPrivate;
    for (let i = 0; i < 3; i++) {
      const base = isPrivate ? 0x7f000001 : 0x09090901 + i;
      this.#forged.push({ ip: base, port: 40_000 + i });
      cluster.forge({ ip: base, port: 40_000 + i });
      this.#own.push({ ip: isPrivate ? 0x7f000001 : 0x08080801 + i, port: 30_000 + i });
    }
    this.attacks = ATTACKS.filter(() => rng.unit() < 0.3);
    for (const address of this.#own) this.#listen(address);
    cluster.onDelivered = (machine, bytes) => {
      if (machine !== insider) return;
      if (this.#heard.length < 64) this.#heard.push(bytes);
      else this.#heard[rng.below(64)] = bytes;
    };
  }

  /** Begins; the time between two acts is drawn. */
  start(): void {
    const { time } = this.#cluster;
    time.at(time.nowMs + 20 + 180 * this.#rng.unit(), () => {
      if (!this.#isActive) return;
      this.#act();
      this.start();
    });
  }

  stop(): void {
    this.#isActive = false;
  }

  #act(): void {
    const attack = this.attacks[this.#rng.below(Math.max(1, this.attacks.length))];
    const targets = this.#cluster.machines.filter((m) => m.isUp && m !== this.#insider);
    const target = targets[this.#rng.below(Math.max(1, targets.length))];
    if (attack === undefined || target === undefined) return;
    this.#acts[attack](target);
  }

  #spoofPings(target: Machine, count: number): void {
    const token = new Uint8Array(32);
    const source = this.#anySource();
    for (let i = 0; i < count; i++) {
      const packet = new Uint8Array(132);
      this.#rng.fill(token);
      new SignedMessages(this.#anyKey()).ping(packet, 0, token);
      this.#send(source, target, packet);
    }
  }

  #spoofPulls(target: Machine): void {
    const key = this.#anyKey();
    const source = this.#anySource();
    const caller = this.#contact(key, this.#own[0]!, this.#nowMs());
    this.#send(source, target, this.#pullRequest(caller, 3, 6));
  }

  /** Contact infos of keys that nobody has heard of, all naming somebody who is not asked. */
  #nameVictims(target: Machine): void {
    const rng = this.#rng;
    const victims: Address[] = [
      { ip: 0x0b0b0b0b, port: 9_000 },
      { ip: 0x0b0b0b0b, port: 9_000 + rng.below(100) },
      { ip: 0x0b0b0b0b, port: 0 },
      { ip: 0xffffffff, port: 9_000 },
      { ip: 0xe0000001, port: 9_000 },
      { ip: 0x0a000001, port: 9_000 },
      { ip: 0x7f000001, port: 9_000 },
      target.address,
      this.#cluster.machines[0]!.address,
    ];
    const values = Array.from({ length: 1 + rng.below(7) }, () => {
      const victim = victims[rng.below(victims.length)]!;
      return this.#contact(this.#cluster.newIdentity(), victim, this.#nowMs());
    });
    this.#sendValues(target, this.#anySource(), values);
  }

  /** True values of others with a bit turned behind the signature. */
  #badSignatures(target: Machine): void {
    const values: Uint8Array[] = [];
    for (let i = 1 + this.#rng.below(3); i > 0; i--) {
      const value = this.#someValue();
      if (value === undefined) return;
      const at = SIGNATURE_BYTES + 4 + this.#rng.below(value.length - SIGNATURE_BYTES - 4);
      value[at] = value[at]! ^ (1 << this.#rng.below(8));
      for (const { running } of this.#cluster.machines) running?.monitor?.noteForged(sha256(value));
      values.push(value);
    }
    const good = this.#someValue();
    if (good && this.#rng.unit() < 0.5) values.unshift(good);
    this.#sendValues(target, this.#insider.address, values);
  }

  #garbage(target: Machine): void {
    const packet = new Uint8Array(this.#rng.below(PACKET_BYTES + 40));
    this.#rng.fill(packet);
    if (packet.length >= 4 && this.#rng.unit() < 0.8) {
      packet.fill(0, 0, 4);
      packet[0] = this.#rng.below(7);
    }
    this.#send(this.#anySource(), target, packet);
  }

  /** A true prune of everything, one meant for another node, and one in another's name. */
  #prunes(target: Machine): void {
    const { machines } = this.#cluster;
    const origins = new Uint8Array(32 * 32);
    const count = Math.min(32, machines.length);
    for (let i = 0; i < count; i++) origins.set(machines[i]!.identity.publicKey, 32 * i);
    const make = (to: Machine, wallclock: number): Uint8Array => {
      const packet = new Uint8Array(PACKET_BYTES);
      const key = to.identity.publicKey;
      const messages = new SignedMessages(this.#insider.identity);
      return packet.subarray(0, messages.prune(packet, 0, origins, count, key, 0, wallclock));
    };
    const { address } = this.#insider;
    this.#send(address, target, make(target, this.#nowMs()));
    this.#send(address, target, make(machines[0]!, this.#nowMs()));
    this.#send(address, target, make(target, this.#nowMs() - 5_000));
    const forged = make(target, this.#nowMs());
    const name = machines[this.#rng.below(machines.length)]!.identity.publicKey;
    forged.set(name, 4);
    forged.set(name, 36);
    this.#send(address, target, forged);
  }

  /** The dearest requests there are, as fast as they leave. */
  #pullFlood(target: Machine, count: number): void {
    const rng = this.#rng;
    const { identity, address } = this.#insider;
    const caller = this.#contact(identity, address, this.#nowMs());
    for (let i = 0; i < count; i++) {
      const keys = [0, 1, 3, 8, 9, 120][rng.below(6)]!;
      const maskBits = [0, 5, 6, 12, 13, 32, 63, 64, 0xffffffff][rng.below(9)]!;
      this.#send(address, target, this.#pullRequest(caller, keys, maskBits));
    }
  }

  /** Keys that prove addresses of their own and then say things. */
  #freshKeys(target: Machine): void {
    const key = this.#anyKey();
    const address = this.#own[this.#rng.below(this.#own.length)]!;
    const maker = new ValueMaker(key.address, this.#rng);
    const kind = PUBLISHED_KINDS[this.#rng.below(PUBLISHED_KINDS.length)]!;
    const value = signValue((m) => signed(key, m), maker.make(kind, this.#nowMs()));
    this.#sendValues(target, address, [this.#contact(key, address, this.#nowMs()), value]);
  }

  #replay(target: Machine): void {
    const packet = this.#heard[this.#rng.below(Math.max(1, this.#heard.length))];
    if (packet) this.#send(this.#anySource(), target, packet);
  }

  #oddClocks(target: Machine): void {
    const key = this.#anyKey();
    const address = this.#own[0]!;
    const shifts = [3_600_000, -3_600_000, 14_000, -14_000, 60_000, 9e14 - 1_787e9];
    const wallclock = this.#nowMs() + shifts[this.#rng.below(shifts.length)]!;
    const value = signValue(
      (m) => signed(key, m),
      new ValueMaker(key.address, this.#rng).make('LowestSlot', wallclock),
    );
    this.#sendValues(target, address, [this.#contact(key, address, wallclock), value]);
  }

  /** Answers every ping under every key of its own. */
  #listen(address: Address): void {
    const machine = OUTSIDE;
    this.#cluster.network.bind(address.ip, address.port, {
      machine,
      deliver: (bytes, ip, port) => {
        if (bytes[0] !== Message.PING || bytes.length !== 132) return;
        for (const key of this.#keys) {
          const packet = new Uint8Array(132);
          new SignedMessages(key).pong(packet, 0, bytes, 36);
          this.#cluster.network.send(machine, address, ip, port, packet);
        }
      },
    });
  }

  #pullRequest(caller: Uint8Array, keyCount: number, maskBits: number): Uint8Array {
    const rng = this.#rng;
    const bitLength = keyCount > 8 ? 0 : rng.unit() < 0.3 ? 0 : 1 + rng.below(4_000);
    const keys = new Uint8Array(8 * keyCount);
    const bits = new Uint8Array(8 * Math.ceil(bitLength / 64));
    rng.fill(keys);
    if (rng.unit() < 0.3) bits.fill(255);
    const filter = {
      keys,
      keyCount,
      bits,
      bitLength,
      bitsSet: rng.u32(),
      maskLow: rng.u32(),
      maskHigh: rng.u32(),
      maskBits,
    };
    const packet = new Uint8Array(2 * PACKET_BYTES);
    const end = writePullRequest(packet, 0, filter, caller, 0, caller.length);
    return packet.slice(0, Math.min(end, PACKET_BYTES));
  }

  #contact(key: Identity, address: Address, wallclock: number): Uint8Array {
    const bytes = new Uint8Array(PACKET_BYTES);
    const end = writeContactInfo(bytes, SIGNATURE_BYTES, {
      pubkey: key.publicKey,
      wallclock,
      outset: this.#outset,
      shredVersion: SHRED_VERSION,
      version: ourVersion(),
      sockets: address.port === 0 ? [] : [{ key: 0, ...address }],
    });
    key.sign(bytes, SIGNATURE_BYTES, end, bytes, 0);
    return bytes.slice(0, end);
  }

  /** A copy of a value that the insider holds. */
  #someValue(): Uint8Array | undefined {
    const view = this.#insider.running?.node.parts.view;
    if (view === undefined || view.highWater === 0) return undefined;
    const row = this.#rng.below(view.highWater);
    const length = view.columns.length[row]!;
    const at = view.columns.place[row]!;
    return length === 0 ? undefined : view.columns.bytes.slice(at, at + length);
  }

  #sendValues(target: Machine, source: Address, values: readonly Uint8Array[]): void {
    const packet = new Uint8Array(PACKET_BYTES);
    const message = this.#rng.unit() < 0.5 ? Message.PUSH : Message.PULL_RESPONSE;
    let end = VALUES_HEADER_BYTES;
    let count = 0;
    for (const value of values) {
      if (end + value.length > PACKET_BYTES) break;
      packet.set(value, end);
      end += value.length;
      count++;
    }
    writeValuesHeader(packet, 0, message, this.#insider.identity.publicKey, 0, count);
    this.#send(source, target, packet.slice(0, end));
  }

  #send(source: Address, target: Machine, packet: Uint8Array): void {
    const { ip, port } = target.address;
    this.#cluster.network.send(this.#insider.index, source, ip, port, packet);
  }

  /** Somebody else, nobody, or itself. */
  #anySource(): Address {
    const { machines } = this.#cluster;
    const u = this.#rng.unit();
    if (u < 0.4) return this.#forged[this.#rng.below(this.#forged.length)]!;
    if (u < 0.6) return machines[this.#rng.below(machines.length)]!.address;
    if (u < 0.8) return this.#own[this.#rng.below(this.#own.length)]!;
    return this.#insider.address;
  }

  #anyKey(): Identity {
    return this.#keys[this.#rng.below(this.#keys.length)]!;
  }

  #nowMs(): number {
    return 1_787_000_000_000 + Math.floor(this.#cluster.time.nowMs);
  }
}

function signed(key: Identity, message: Uint8Array): Uint8Array {
  const signature = new Uint8Array(SIGNATURE_BYTES);
  key.sign(message, 0, message.length, signature, 0);
  return signature;
}
