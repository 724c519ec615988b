import { canonicalBytes } from '../../api/value-json.ts';
import { verdict } from '../../api/verdict.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { Identity } from '../../crypto/identity.ts';
import { createQuickIdentity } from '../../crypto/quick-identity.ts';
import type { Verifier } from '../../crypto/verifier.ts';
import { unreachable } from '../../util/assert.ts';
import { fromBase58 } from '../../util/base58.ts';
import { formatIp } from '../../util/ipv4.ts';
import { decodePacket } from '../../wire/decode.ts';
import type {
  DecodedContactInfo,
  DecodedMessage,
  DecodedPrune,
  DecodedValue,
} from '../../wire/decoded.ts';
import {
  encodeMessage,
  encodeValue,
  PING_SIGNATURE_AT,
  PING_SIGNED_AT,
  pruneSignatureAt,
  pruneSignedBytes,
  writePruneSignedBytes,
  writeValuesHeader,
} from '../../wire/encode.ts';
import {
  MAX_WALLCLOCK,
  Message,
  PACKET_BYTES,
  SIGNATURE_BYTES,
  VALUES_HEADER_BYTES,
} from '../../wire/limits.ts';
import { type MadeUpNode, madeUpIp } from '../made-up/nodes.ts';

/** 64 zero bytes in base58: a place for the signature. */
const NO_SIGNATURE = '1'.repeat(SIGNATURE_BYTES);

/** What stands in front of a key to make the seed of its substitute. */
const SEED_PREFIX = Buffer.from('Earshot replay: ');

/** Everybody who is behind an identity of a capture. */
interface Substitute {
  readonly identity: Identity;
  /** Loopback address that stands for all of its addresses. */
  readonly ip: number;
}

/**
 * Signs captured packets anew under made-up identities, with clocks moved: old packets become ones that
 * a node of today takes. What a value says stays as it is, but for who says it, when, and, in contact
 * infos, where; the same identity gets the same substitute always and everywhere.
 */
export class Resigner {
  readonly verifier: Verifier;
  readonly #substitutes = new Map<string, Substitute>();
  /** Values signed anew by their old signature: copies stay copies. */
  readonly #values = new Map<string, Uint8Array>();
  readonly #nodes = new Map<string, MadeUpNode>();

  constructor(verifier: Verifier) {
    this.verifier = verifier;
  }

  /** Distinct values signed anew. */
  get values(): number {
    return this.#values.size;
  }

  /** Made-up identities. */
  get identities(): number {
    return this.#substitutes.size;
  }

  /** Where contact infos say that the made-up nodes are. */
  get nodes(): MadeUpNode[] {
    return [...this.#nodes.values()];
  }

  /** The identity that stands for a key in base58. */
  identityOf(key: string): Identity {
    return this.#substitute(key).identity;
  }

  /**
   * Signs a packet anew.
   *
   * @units shiftMs: by how much clocks move, of values those that were not met before
   * @returns undefined when validators refuse it: then there is nothing in it to be signed for
   */
  packet(bytes: Uint8Array, shiftMs: number): Uint8Array | undefined {
    if (!verdict(bytes, this.verifier).accept) return undefined;
    const { message } = decodePacket(bytes);
    if (message === null) return undefined;
    const signed = this.#message(message, bytes, shiftMs);
    return signed.length <= PACKET_BYTES ? signed : undefined;
  }

  #message(message: DecodedMessage, bytes: Uint8Array, shiftMs: number): Uint8Array {
    switch (message.message) {
      case 'PullRequest': {
        const [caller] = message.values;
        if (!caller) return bytes;
        const value = this.#value(caller, shiftMs);
        // The filter stays byte for byte; the caller's contact info stands behind it.
        return Buffer.concat([bytes.subarray(0, caller.offset), value]);
      }
      case 'PullResponse':
      case 'PushMessage': {
        const values = message.values.map((value) => this.#value(value, shiftMs));
        const header = new Uint8Array(VALUES_HEADER_BYTES);
        const tag = message.message === 'PushMessage' ? Message.PUSH : Message.PULL_RESPONSE;
        const { publicKey } = this.identityOf(message.from);
        writeValuesHeader(header, 0, tag, publicKey, 0, values.length);
        return Buffer.concat([header, ...values]);
      }
      case 'PruneMessage':
        return this.#prune(message, shiftMs);
      case 'Ping':
      case 'Pong': {
        const identity = this.identityOf(message.from);
        const signed = bytes.slice();
        signed.set(identity.publicKey, 4);
        identity.sign(signed, PING_SIGNED_AT, PING_SIGNATURE_AT, signed, PING_SIGNATURE_AT);
        return signed;
      }
      default:
        return unreachable(message);
    }
  }

  #prune(prune: DecodedPrune, shiftMs: number): Uint8Array {
    const identity = this.identityOf(prune.from);
    const bytes = encodeMessage({
      ...prune,
      from: identity.address,
      pubkey: identity.address,
      prunes: prune.prunes.map((key) => this.identityOf(key).address),
      destination: this.identityOf(prune.destination).address,
      wallclock: moved(prune.wallclock, shiftMs),
      signature: NO_SIGNATURE,
    });
    const count = prune.prunes.length;
    const scratch = new Uint8Array(pruneSignedBytes(count));
    const end = writePruneSignedBytes(bytes, 0, count, 'plain', scratch, 0);
    identity.sign(scratch, 0, end, bytes, pruneSignatureAt(count));
    return bytes;
  }

  #value(value: DecodedValue, shiftMs: number): Uint8Array {
    // Who knows a signature knows the value: it was good, and it is of these bytes.
    const known = this.#values.get(value.signature);
    if (known) return known;
    const { identity } = this.#substitute(value.from);
    const said: DecodedValue = {
      ...value,
      from: identity.address,
      wallclock: moved(value.wallclock, shiftMs),
      signature: NO_SIGNATURE,
    };
    const encoded = encodeValue(
      said.kind === 'ContactInfo' ? this.#moveHere(said, value.from) : said,
    );
    // What validators verify is what they would write again.
    const signed = canonicalBytes(encoded, 0, encoded.length);
    identity.sign(signed, SIGNATURE_BYTES, signed.length, signed, 0);
    this.#values.set(value.signature, signed);
    return signed;
  }

  /** Puts all addresses of a contact info on this machine; ports stay. */
  #moveHere(contact: DecodedContactInfo, key: string): DecodedContactInfo {
    if (contact.addresses.length === 0) return contact;
    const { identity, ip } = this.#substitute(key);
    const address = formatIp(ip);
    const sockets = contact.sockets.map((socket) => ({ ...socket, address: 0, ip: address }));
    const gossip = sockets.find((socket) => socket.key === 0);
    if (gossip && gossip.port > 0) {
      const node = { identity, ip, port: gossip.port };
      this.#nodes.set(`${ip}:${gossip.port}`, node);
    }
    return { ...contact, addresses: [address], sockets };
  }

  #substitute(key: string): Substitute {
    const known = this.#substitutes.get(key);
    if (known) return known;
    const seed = sha256(Buffer.concat([SEED_PREFIX, fromBase58(key) ?? new Uint8Array(32)]));
    const made = { identity: createQuickIdentity(seed), ip: madeUpIp(this.#substitutes.size) };
    this.#substitutes.set(key, made);
    return made;
  }
}

/** A clock that was moved, within what the protocol allows. */
function moved(wallclock: string, shiftMs: number): string {
  const ms = Number(wallclock) + Math.round(shiftMs);
  return String(Math.min(Math.max(0, ms), MAX_WALLCLOCK - 1));
}
