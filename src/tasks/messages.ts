import { sha256Into } from '../crypto/hash.ts';
import type { Identity } from '../crypto/identity.ts';
import { assert } from '../util/assert.ts';
import { copyBytes, readU32, readU64 } from '../util/bytes.ts';
import {
  PING_SIGNATURE_AT,
  PING_SIGNED_AT,
  PRUNE_ORIGINS_AT,
  pruneSignatureAt,
  pruneSignedBytes,
  writePing,
  writePong,
  writePrune,
  writePruneSignedBytes,
} from '../wire/encode.ts';
import { HASH_BYTES, Message, PONG_PREFIX, PRUNE_MAX_ORIGINS } from '../wire/limits.ts';

/** Writes the messages that need our signature, but for that: signing costs a hundred times as much. */
export class UnsignedMessages {
  readonly #publicKey: Uint8Array;
  readonly #pongInput = new Uint8Array(PONG_PREFIX.length + HASH_BYTES);
  readonly #pongHash = new Uint8Array(HASH_BYTES);

  constructor(publicKey: Uint8Array) {
    this.#publicKey = publicKey;
    for (let i = 0; i < PONG_PREFIX.length; i++) this.#pongInput[i] = PONG_PREFIX.charCodeAt(i);
  }

  /** @shape token: 32 bytes @returns bytes written. @source wire 6.1 */
  ping(out: Uint8Array, at: number, token: Uint8Array): number {
    return writePing(out, at, this.#publicKey, 0, token, 0) - at;
  }

  /** Answers a ping whose token lies at `tokenAt`. @returns bytes written. @source wire 6.2 */
  pong(out: Uint8Array, at: number, ping: Uint8Array, tokenAt: number): number {
    copyBytes(ping, tokenAt, this.#pongInput, PONG_PREFIX.length, HASH_BYTES);
    sha256Into(this.#pongInput, 0, this.#pongInput.length, this.#pongHash, 0);
    return writePong(out, at, this.#publicKey, 0, this.#pongHash, 0) - at;
  }

  /**
   * @shape origins: 32 bytes each, at most PRUNE_MAX_ORIGINS; destination: 32 bytes
   * @returns bytes written. @source wire 6.3
   */
  prune(
    out: Uint8Array,
    at: number,
    origins: Uint8Array,
    originCount: number,
    destination: Uint8Array,
    destinationAt: number,
    wallclockMs: number,
  ): number {
    return (
      writePrune(
        out,
        at,
        this.#publicKey,
        0,
        origins,
        0,
        originCount,
        destination,
        destinationAt,
        wallclockMs,
      ) - at
    );
  }
}

/** Puts our signature into messages that are written but for it. */
export class MessageSigner {
  readonly #identity: Identity;
  readonly #scratch = new Uint8Array(pruneSignedBytes(PRUNE_MAX_ORIGINS));

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** @shape bytes: a ping, pong or prune at `at`. @source wire 6.1 to 6.3; prunes signed plain, as Agave does */
  sign(bytes: Uint8Array, at: number): void {
    const message = readU32(bytes, at);
    if (message === Message.PRUNE) {
      const origins = readU64(bytes, at + PRUNE_ORIGINS_AT - 8);
      assert(origins <= PRUNE_MAX_ORIGINS, 'a prune names no more origins than fit');
      const end = writePruneSignedBytes(bytes, at, origins, 'plain', this.#scratch, 0);
      this.#identity.sign(this.#scratch, 0, end, bytes, at + pruneSignatureAt(origins));
      return;
    }
    assert(message === Message.PING || message === Message.PONG, 'this message has no signature');
    const signatureAt = at + PING_SIGNATURE_AT;
    this.#identity.sign(bytes, at + PING_SIGNED_AT, signatureAt, bytes, signatureAt);
  }
}

/** Writes and signs such messages at once: for made-up nodes, which do not look after their time. */
export class SignedMessages {
  readonly #messages: UnsignedMessages;
  readonly #signer: MessageSigner;

  constructor(identity: Identity) {
    this.#messages = new UnsignedMessages(identity.publicKey);
    this.#signer = new MessageSigner(identity);
  }

  /** @shape token: 32 bytes @returns bytes written */
  ping(out: Uint8Array, at: number, token: Uint8Array): number {
    return this.#sign(out, at, this.#messages.ping(out, at, token));
  }

  /** Answers a ping whose token lies at `tokenAt`. @returns bytes written */
  pong(out: Uint8Array, at: number, ping: Uint8Array, tokenAt: number): number {
    return this.#sign(out, at, this.#messages.pong(out, at, ping, tokenAt));
  }

  /** @shape as `UnsignedMessages.prune` @returns bytes written */
  prune(
    out: Uint8Array,
    at: number,
    origins: Uint8Array,
    count: number,
    destination: Uint8Array,
    destinationAt: number,
    wallclockMs: number,
  ): number {
    const messages = this.#messages;
    const length = messages.prune(out, at, origins, count, destination, destinationAt, wallclockMs);
    return this.#sign(out, at, length);
  }

  #sign(out: Uint8Array, at: number, length: number): number {
    this.#signer.sign(out, at);
    return length;
  }
}
