/** Somebody out there, as far as datagrams go; what it says is decided by the input. */
import type { Identity } from '../../src/crypto/identity.ts';
import { ourVersion } from '../../src/node/version.ts';
import { SignedMessages } from '../../src/tasks/messages.ts';
import type { Rng } from '../../src/util/rng.ts';
import { writeContactInfo } from '../../src/wire/contact-info-encode.ts';
import { signValue, writePullRequest, writeValuesHeader } from '../../src/wire/encode.ts';
import {
  Message,
  PACKET_BYTES,
  SIGNATURE_BYTES,
  VALUES_HEADER_BYTES,
} from '../../src/wire/limits.ts';
import type { Cluster, Machine } from '../../test/sim/cluster.ts';
import type { Address } from '../../test/sim/plan.ts';
import { PUBLISHED_KINDS, ValueMaker } from '../../test/sim/values.ts';

/** Shred version of simulated networks. */
export const SHRED_VERSION = 20_126;

/** Differences to the true time that rules care about, ms. */
const SHIFTS = [0, 0, 0, 1, -1, 14_999, 15_001, -14_999, -15_001, 60_000, -3_600_000, 8e14];

/** Pull masks at the edges, and such that mean something. */
const MASK_BITS = [6, 7, 8, 12, 13, 32, 63, 64, 0xffffffff, 0, 5];

/** One peer with a key and an address. */
export class FuzzPeer {
  readonly identity: Identity;
  readonly address: Address;
  readonly #cluster: Cluster;
  readonly #machine: number;
  readonly #messages: SignedMessages;
  readonly #values: ValueMaker;
  readonly #rng: Rng;
  #ping: Uint8Array | undefined;

  constructor(cluster: Cluster, machine: number, address: Address, rng: Rng) {
    this.identity = cluster.newIdentity();
    this.address = address;
    this.#cluster = cluster;
    this.#machine = machine;
    this.#rng = rng;
    this.#messages = new SignedMessages(this.identity);
    this.#values = new ValueMaker(this.identity.address, rng);
    cluster.network.bind(address.ip, address.port, {
      machine,
      deliver: (bytes) => {
        if (bytes[0] === Message.PING && bytes.length === 132) this.#ping = bytes;
      },
    });
  }

  /** Sends a datagram from its address, or from wherever it claims to be. */
  send(to: Machine, bytes: Uint8Array, from: Address = this.address): void {
    this.#cluster.network.send(this.#machine, from, to.address.ip, to.address.port, bytes);
  }

  /** Answers the ping that came last. */
  pong(to: Machine): void {
    if (this.#ping === undefined) return;
    const bytes = new Uint8Array(132);
    this.#messages.pong(bytes, 0, this.#ping, 36);
    this.send(to, bytes);
  }

  ping(to: Machine): void {
    const token = new Uint8Array(32);
    this.#rng.fill(token);
    const bytes = new Uint8Array(132);
    this.#messages.ping(bytes, 0, token);
    this.send(to, bytes);
  }

  /** Its contact info. @param draw decides about clock, outset and shred version */
  contact(draw: number): Uint8Array {
    const bytes = new Uint8Array(PACKET_BYTES);
    const end = writeContactInfo(bytes, SIGNATURE_BYTES, {
      pubkey: this.identity.publicKey,
      wallclock: this.#clock(draw),
      outset: 1_786_000_000_000_000 + (draw >> 6) * 1_000_000,
      shredVersion: draw % 32 === 31 ? 1 : SHRED_VERSION,
      version: ourVersion(),
      sockets: [{ key: 0, ...this.address }],
    });
    this.identity.sign(bytes, SIGNATURE_BYTES, end, bytes, 0);
    return bytes.slice(0, end);
  }

  /** A value of some kind. */
  value(draw: number): Uint8Array {
    const kind = PUBLISHED_KINDS[draw % PUBLISHED_KINDS.length]!;
    const data = this.#values.make(kind, this.#clock(draw >> 3));
    return signValue((message) => {
      const signature = new Uint8Array(SIGNATURE_BYTES);
      this.identity.sign(message, 0, message.length, signature, 0);
      return signature;
    }, data);
  }

  /** Says values, as a push or as if they had been asked for. */
  say(to: Machine, values: readonly Uint8Array[], message: number): void {
    const packet = new Uint8Array(PACKET_BYTES);
    let end = VALUES_HEADER_BYTES;
    let count = 0;
    for (const value of values) {
      if (end + value.length > PACKET_BYTES) break;
      packet.set(value, end);
      end += value.length;
      count++;
    }
    writeValuesHeader(packet, 0, message, this.identity.publicKey, 0, count);
    this.send(to, packet.slice(0, end));
  }

  /** Asks not to be told of origins any more. */
  prune(to: Machine, origins: readonly Identity[], draw: number): void {
    const keys = new Uint8Array(32 * origins.length);
    for (const [i, { publicKey }] of origins.entries()) keys.set(publicKey, 32 * i);
    const packet = new Uint8Array(PACKET_BYTES);
    const key = (draw % 8 === 7 ? this.identity : to.identity).publicKey;
    const clock = this.#clock(draw >> 4);
    const end = this.#messages.prune(packet, 0, keys, origins.length, key, 0, clock);
    this.send(to, packet.slice(0, end));
  }

  /** Asks for what it lacks. */
  pull(to: Machine, draw: number): void {
    const rng = this.#rng;
    const keyCount = [0, 1, 3, 8, 9][draw % 5]!;
    const bitLength = draw % 3 === 0 ? 0 : 1 + rng.below(2_000);
    const keys = new Uint8Array(8 * keyCount);
    const bits = new Uint8Array(8 * Math.ceil(bitLength / 64));
    rng.fill(keys);
    if (draw % 2 === 0) rng.fill(bits);
    const mask = { maskLow: rng.u32(), maskHigh: rng.u32() };
    const maskBits = MASK_BITS[draw % MASK_BITS.length]!;
    const filter = { keys, keyCount, bits, bitLength, bitsSet: rng.u32(), ...mask, maskBits };
    const caller = this.contact(draw >> 4);
    const packet = new Uint8Array(2 * PACKET_BYTES);
    const end = writePullRequest(packet, 0, filter, caller, 0, caller.length);
    this.send(to, packet.slice(0, Math.min(end, PACKET_BYTES)));
  }

  #clock(draw: number): number {
    const nowMs = 1_787_000_000_000 + Math.floor(this.#cluster.time.nowMs);
    return Math.max(0, nowMs + SHIFTS[draw % SHIFTS.length]!);
  }
}
