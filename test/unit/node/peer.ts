/** Another node, as far as one datagram goes: keys, signed values, and messages of every sort. */
import { createIdentity, type Identity } from '../../../src/crypto/identity.ts';
import { SignedMessages } from '../../../src/tasks/gossip.ts';
import { parseIp } from '../../../src/util/ipv4.ts';
import { type ContactInfoSocket, writeContactInfo } from '../../../src/wire/contact-info-encode.ts';
import type { ValueData } from '../../../src/wire/decoded.ts';
import {
  type FilterParts,
  pruneSignatureAt,
  pruneSignedBytes,
  signValue,
  writePing,
  writePong,
  writePrune,
  writePruneSignedBytes,
  writePullRequest,
  writeValuesHeader,
} from '../../../src/wire/encode.ts';
import { Message, PING_BYTES, SIGNATURE_BYTES } from '../../../src/wire/limits.ts';

/** Shred version of the made-up cluster. */
export const CLUSTER = 20_126;

/** When the manual clock starts. */
export const START_MS = 1_787_000_000_000;

/** What a peer says of itself; everything has a default. */
export interface ContactWishes {
  wallclock?: number;
  /** Microseconds. */
  outset?: number;
  shredVersion?: number;
  ip?: number;
  port?: number;
  sockets?: readonly ContactInfoSocket[];
}

/** A filter that contains nothing and asks for one 64th of the table, or what is said instead. */
export interface FilterWishes {
  maskBits?: number;
  /** Upper half of the mask. */
  maskHigh?: number;
  keyCount?: number;
  bitLength?: number;
  bits?: Uint8Array;
}

const identities = new Map<number, Identity>();

/** The identity that a number stands for; making one takes a millisecond, so they are kept. */
export function identityOf(number: number): Identity {
  let identity = identities.get(number);
  if (!identity) {
    const seed = new Uint8Array(32);
    new DataView(seed.buffer).setUint32(0, number);
    identity = createIdentity(seed);
    identities.set(number, identity);
  }
  return identity;
}

/** One peer: peer n lives at 198.51.x.y and has a key of its own. */
export class Peer {
  readonly identity: Identity;
  readonly ip: number;
  readonly port: number;
  readonly #messages: SignedMessages;

  constructor(number: number, ip = parseIp('198.51.0.0') + number + 1, port = 8001) {
    this.identity = identityOf(number);
    this.ip = ip;
    this.port = port;
    this.#messages = new SignedMessages(this.identity);
  }

  get key(): Uint8Array {
    return this.identity.publicKey;
  }

  get address(): string {
    return this.identity.address;
  }

  /** A signed contact info. */
  contact(wishes: ContactWishes = {}): Uint8Array {
    const { wallclock = START_MS, outset = 1_786_000_000_000_000, shredVersion = CLUSTER } = wishes;
    const gossip = { key: 0, ip: wishes.ip ?? this.ip, port: wishes.port ?? this.port };
    const bytes = new Uint8Array(512);
    const end = writeContactInfo(bytes, SIGNATURE_BYTES, {
      pubkey: this.key,
      wallclock,
      outset,
      shredVersion,
      version: { major: 4, minor: 4, channel: 0, patch: 0, commit: 1, featureSet: 2, client: 3 },
      sockets: wishes.sockets ?? [gossip],
    });
    this.identity.sign(bytes, SIGNATURE_BYTES, end, bytes, 0);
    return bytes.slice(0, end);
  }

  /** A signed value of any kind. */
  value(data: ValueData): Uint8Array {
    return signValue((message) => {
      const signature = new Uint8Array(SIGNATURE_BYTES);
      this.identity.sign(message, 0, message.length, signature, 0);
      return signature;
    }, data);
  }

  /** An EpochSlots of one of 255 labels: the cheapest value besides a contact info. */
  slots(index: number, wallclock = START_MS): Uint8Array {
    return this.value({ kind: 'EpochSlots', index, from: this.address, wallclock, entries: [] });
  }

  ping(token = new Uint8Array(32).fill(7)): Uint8Array {
    const bytes = new Uint8Array(PING_BYTES);
    this.#messages.ping(bytes, 0, token);
    return bytes;
  }

  /** The answer to a ping. */
  pong(ping: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(PING_BYTES);
    this.#messages.pong(bytes, 0, ping, 36);
    return bytes;
  }

  push(...values: readonly Uint8Array[]): Uint8Array {
    return carry(Message.PUSH, this.key, values);
  }

  response(...values: readonly Uint8Array[]): Uint8Array {
    return carry(Message.PULL_RESPONSE, this.key, values);
  }

  /** @param form which of the two ways of signing */
  prune(
    destination: Uint8Array,
    origins: readonly Uint8Array[],
    wallclock = START_MS,
    form: 'plain' | 'prefixed' = 'plain',
  ): Uint8Array {
    const count = origins.length;
    const joined = Uint8Array.from(origins.flatMap((origin) => [...origin]));
    const bytes = new Uint8Array(1_280);
    const end = writePrune(bytes, 0, this.key, 0, joined, 0, count, destination, 0, wallclock);
    const signed = new Uint8Array(pruneSignedBytes(count));
    const signedEnd = writePruneSignedBytes(bytes, 0, count, form, signed, 0);
    this.identity.sign(signed, 0, signedEnd, bytes, pruneSignatureAt(count));
    return bytes.slice(0, end);
  }

  /** @param caller the value in it, our own contact info unless said otherwise */
  pullRequest(wishes: FilterWishes = {}, caller = this.contact()): Uint8Array {
    const { maskBits = 6, maskHigh = 0xffffffff, keyCount = 3, bitLength = 512 } = wishes;
    const filter: FilterParts = {
      keys: new Uint8Array(8 * keyCount).fill(9),
      keyCount,
      bits: wishes.bits ?? new Uint8Array(Math.ceil(bitLength / 64) * 8),
      bitLength,
      bitsSet: 0,
      maskLow: 0xffffffff,
      maskHigh,
      maskBits,
    };
    const bytes = new Uint8Array(4_096);
    const end = writePullRequest(bytes, 0, filter, caller, 0, caller.length);
    return bytes.slice(0, end);
  }
}

/** A push or pull response; the sender in it is not signed, so it may be anybody. */
export function carry(
  message: number,
  sender: Uint8Array,
  values: readonly Uint8Array[],
): Uint8Array {
  const size = values.reduce((sum, value) => sum + value.length, 0);
  const bytes = new Uint8Array(44 + size);
  let at = writeValuesHeader(bytes, 0, message, sender, 0, values.length);
  for (const value of values) {
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

/** A ping whose signature is wrong. */
export function forged(kind: 'ping' | 'pong', key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PING_BYTES);
  const body = new Uint8Array(32).fill(1);
  if (kind === 'ping') writePing(bytes, 0, key, 0, body, 0);
  else writePong(bytes, 0, key, 0, body, 0);
  return bytes;
}
