import { sha256Into } from '../crypto/hash.ts';
import type { Identity } from '../crypto/identity.ts';
import { copyBytes } from '../util/bytes.ts';
import {
  PING_SIGNATURE_AT,
  PING_SIGNED_AT,
  pruneSignatureAt,
  pruneSignedBytes,
  writePing,
  writePong,
  writePrune,
  writePruneSignedBytes,
} from '../wire/encode.ts';
import { HASH_BYTES, PONG_PREFIX, PRUNE_MAX_ORIGINS } from '../wire/limits.ts';

/**
 * Writes the messages that need our signature into egress slots. Signing costs a tenth of a
 * millisecond, so with worker threads this runs in the pool.
 */
export class SignedMessages {
  readonly #identity: Identity;
  readonly #pongInput = new Uint8Array(PONG_PREFIX.length + HASH_BYTES);
  readonly #pongHash = new Uint8Array(HASH_BYTES);
  readonly #pruneScratch = new Uint8Array(pruneSignedBytes(PRUNE_MAX_ORIGINS));

  constructor(identity: Identity) {
    this.#identity = identity;
    for (let i = 0; i < PONG_PREFIX.length; i++) this.#pongInput[i] = PONG_PREFIX.charCodeAt(i);
  }

  /** @shape token: 32 bytes @returns bytes written. @source wire 6.1 */
  ping(out: Uint8Array, at: number, token: Uint8Array): number {
    const end = writePing(out, at, this.#identity.publicKey, 0, token, 0);
    this.#signToken(out, at);
    return end - at;
  }

  /** Answers a ping whose token lies at `tokenAt`. @returns bytes written. @source wire 6.2 */
  pong(out: Uint8Array, at: number, ping: Uint8Array, tokenAt: number): number {
    copyBytes(ping, tokenAt, this.#pongInput, PONG_PREFIX.length, HASH_BYTES);
    sha256Into(this.#pongInput, 0, this.#pongInput.length, this.#pongHash, 0);
    const end = writePong(out, at, this.#identity.publicKey, 0, this.#pongHash, 0);
    this.#signToken(out, at);
    return end - at;
  }

  /**
   * @shape origins: 32 bytes each, at most PRUNE_MAX_ORIGINS; destination: 32 bytes
   * @returns bytes written. @source wire 6.3; signed plain, as Agave signs
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
    const end = writePrune(
      out,
      at,
      this.#identity.publicKey,
      0,
      origins,
      0,
      originCount,
      destination,
      destinationAt,
      wallclockMs,
    );
    const scratch = this.#pruneScratch;
    const signedEnd = writePruneSignedBytes(out, at, originCount, 'plain', scratch, 0);
    this.#identity.sign(scratch, 0, signedEnd, out, at + pruneSignatureAt(originCount));
    return end - at;
  }

  #signToken(out: Uint8Array, at: number): void {
    const signatureAt = at + PING_SIGNATURE_AT;
    this.#identity.sign(out, at + PING_SIGNED_AT, signatureAt, out, signatureAt);
  }
}
