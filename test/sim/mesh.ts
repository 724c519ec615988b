/**
 * A network as one newcomer sees it: nodes that answer pings, want theirs answered, and answer pull
 * requests with the contact infos that they know and the caller lacks. They cost so little that thousands
 * fit into one simulation; among themselves nothing is sent, what each knows is drawn.
 */
import { sha256Into, type Xxhash } from '../../src/crypto/hash.ts';
import { bloomContains } from '../../src/gossip/bloom.ts';
import { ourVersion } from '../../src/node/version.ts';
import { SignedMessages } from '../../src/tasks/messages.ts';
import { readU32 } from '../../src/util/bytes.ts';
import type { Rng } from '../../src/util/rng.ts';
import { writeContactInfo } from '../../src/wire/contact-info-encode.ts';
import { writeValuesHeader } from '../../src/wire/encode.ts';
import {
  Message,
  PING_BYTES,
  SIGNATURE_BYTES,
  VALUES_BYTES,
  VALUES_HEADER_BYTES,
} from '../../src/wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../../src/wire/skim.ts';
import { addressKey, type SimNetwork } from './network.ts';
import type { Address } from './plan.ts';
import { StandInIdentity } from './stand-in.ts';
import type { VirtualTime } from './time.ts';

/** The wall clock when virtual time begins, as in time.ts. */
const EPOCH_MS = 1_787_000_000_000;

/** Contact infos are renewed so often. @source behaviour 0.3 */
const RENEW_MS = 7_500;

/** What others know of a node is so old at most. */
const MOST_LAG_MS = 4_000;

/** Datagrams in answer to one request. */
const MOST_PACKETS = 24;

/** What is drawn of a mesh. */
export interface MeshWishes {
  readonly nodes: number;
  readonly shredVersion: number;
  /** Share of the others that a node knows at least; drawn between this and all. */
  readonly knows: number;
  /** Share of the nodes that do not answer, though others still tell of them. */
  readonly deaf: number;
}

interface Signed {
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

interface MeshNode {
  readonly address: Address;
  readonly identity: StandInIdentity;
  readonly messages: SignedMessages;
  /** When within the period it renews its contact info. */
  readonly phaseMs: number;
  readonly lagMs: number;
  readonly share: number;
  readonly isDeaf: boolean;
  /** Newest first, two of them: others may have the one before. */
  signed: Signed[];
}

/** All nodes of the mesh; the first ones are good as entrypoints. */
export class Mesh {
  readonly nodes: MeshNode[] = [];
  readonly #time: VirtualTime;
  readonly #network: SimNetwork;
  readonly #wishes: MeshWishes;
  readonly #rng: Rng;
  readonly #proved = new Set<string>();
  readonly #packet = new PacketFields();
  readonly #columns = createValueColumns(16);

  constructor(
    time: VirtualTime,
    network: SimNetwork,
    rng: Rng,
    xxhash: Xxhash,
    wishes: MeshWishes,
  ) {
    this.#time = time;
    this.#network = network;
    this.#wishes = wishes;
    this.#rng = rng;
    for (let i = 0; i < wishes.nodes; i++) {
      const identity = new StandInIdentity(rng, xxhash);
      const address = { ip: 0x05000001 + 0x101 * i, port: 8_001 };
      const node: MeshNode = {
        address,
        identity,
        messages: new SignedMessages(identity),
        phaseMs: RENEW_MS * rng.unit(),
        lagMs: MOST_LAG_MS * rng.unit(),
        share: wishes.knows + (1 - wishes.knows) * rng.unit(),
        isDeaf: i >= 4 && rng.unit() < wishes.deaf,
        signed: [],
      };
      this.nodes.push(node);
      if (node.isDeaf) continue;
      network.bind(address.ip, address.port, {
        machine: 1 + i,
        deliver: (bytes, ip, port) => this.#hear(i, bytes, ip, port),
      });
    }
  }

  #hear(i: number, bytes: Uint8Array, ip: number, port: number): void {
    const node = this.nodes[i]!;
    if (skim(bytes, 0, bytes.length, this.#packet, this.#columns, 0) < 0) return;
    const proof = `${i} ${addressKey(ip, port)}`;
    switch (bytes[0]) {
      case Message.PING: {
        const pong = new Uint8Array(PING_BYTES);
        node.messages.pong(pong, 0, bytes, 36);
        this.#send(i, pong, ip, port);
        break;
      }
      case Message.PONG:
        this.#proved.add(proof);
        break;
      case Message.PULL_REQUEST:
        if (this.#proved.has(proof)) this.#answer(i, bytes, ip, port);
        else this.#ping(i, ip, port);
        break;
    }
  }

  #ping(i: number, ip: number, port: number): void {
    const ping = new Uint8Array(PING_BYTES);
    const token = new Uint8Array(32);
    this.#rng.fill(token);
    this.nodes[i]!.messages.ping(ping, 0, token);
    this.#send(i, ping, ip, port);
  }

  #answer(i: number, bytes: Uint8Array, ip: number, port: number): void {
    const { keysAt, keyCount, bitsAt, bitLength, maskAt, maskBits } = this.#packet;
    const prefix = readU32(bytes, maskAt + 4) >>> (32 - maskBits);
    const node = this.nodes[i]!;
    const values: Uint8Array[] = [];
    for (let j = 0; j < this.nodes.length; j++) {
      if (!this.#knows(i, j)) continue;
      const value = this.#contact(j, i === j ? 0 : node.lagMs);
      if (readU32(value.hash, 4) >>> (32 - maskBits) !== prefix) continue;
      if (bloomContains(bytes, keysAt, keyCount, bitsAt, bitLength, value.hash, 0)) continue;
      values.push(value.bytes);
    }
    let packets = 0;
    for (let first = 0; first < values.length && packets < MOST_PACKETS; packets++) {
      const packet = new Uint8Array(VALUES_HEADER_BYTES + VALUES_BYTES);
      let at = VALUES_HEADER_BYTES;
      let next = first;
      for (; next < values.length && at + values[next]!.length <= packet.length; next++) {
        packet.set(values[next]!, at);
        at += values[next]!.length;
      }
      const key = node.identity.publicKey;
      writeValuesHeader(packet, 0, Message.PULL_RESPONSE, key, 0, next - first);
      this.#send(i, packet.slice(0, at), ip, port);
      first = next;
    }
  }

  /** Whether one knows of another: drawn once, without remembering it. */
  #knows(i: number, j: number): boolean {
    if (i === j) return true;
    let z = Math.imul(i * 0x9e3779b1 + j * 0x85ebca77, 0xc2b2ae3d) >>> 0;
    z = Math.imul(z ^ (z >>> 15), 0x2c1b3c6d) >>> 0;
    return ((z ^ (z >>> 13)) >>> 0) / 2 ** 32 < this.nodes[i]!.share;
  }

  /** The contact info of a node as it was so long ago. */
  #contact(j: number, lagMs: number): Signed {
    const node = this.nodes[j]!;
    const version = Math.floor((this.#time.nowMs - lagMs - node.phaseMs) / RENEW_MS);
    const known = node.signed.find((one) => one.version === version);
    if (known) return known;
    const { identity, address } = node;
    const bytes = new Uint8Array(512);
    const end = writeContactInfo(bytes, SIGNATURE_BYTES, {
      pubkey: identity.publicKey,
      wallclock: Math.round(EPOCH_MS + version * RENEW_MS + node.phaseMs),
      outset: EPOCH_MS * 1_000,
      shredVersion: this.#wishes.shredVersion,
      version: ourVersion(),
      sockets: [0, 1, 2, 3, 4, 5].map((key) => ({ key, ip: address.ip, port: address.port + key })),
    });
    identity.sign(bytes, SIGNATURE_BYTES, end, bytes, 0);
    const signed = { version, bytes: bytes.slice(0, end), hash: new Uint8Array(32) };
    sha256Into(bytes, 0, end, signed.hash, 0);
    node.signed = [signed, ...node.signed].slice(0, 2);
    return signed;
  }

  #send(i: number, bytes: Uint8Array, ip: number, port: number): void {
    this.#network.send(1 + i, this.nodes[i]!.address, ip, port, bytes);
  }
}
