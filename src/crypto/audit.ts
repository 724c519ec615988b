import { assert } from '../util/assert.ts';
import { toHex } from '../util/bytes.ts';
import type { Rng } from '../util/rng.ts';
import type { Verifier, VerifyBatch } from './verifier.ts';

/** A signature on which two verifiers differ, in hex: what a bug report needs. */
export interface Disagreement {
  key: string;
  signature: string;
  message: string;
}

/**
 * A verifier that has one in so many of its acceptances checked again by a second one. Relaying a
 * value that validators refuse makes them drop whole packets of ours, so a disagreement is an alarm.
 * It is counted, not acted on: a verdict never depends on which signatures were drawn.
 */
export class AuditedVerifier implements Verifier {
  readonly name: Verifier['name'];
  /** Acceptances checked again. */
  audited = 0;
  /** Of those, refused by the second verifier. */
  disagreed = 0;
  lastDisagreement: Disagreement | undefined;
  readonly #first: Verifier;
  readonly #second: Verifier;
  readonly #oneIn: number;
  readonly #rng: Rng;

  /** @param oneIn 1 checks everything; 1,024 costs about a microsecond a verification with noble */
  constructor(first: Verifier, second: Verifier, oneIn: number, rng: Rng) {
    assert(Number.isInteger(oneIn) && oneIn >= 1, 'AuditedVerifier: oneIn is a positive integer');
    this.name = first.name;
    this.#first = first;
    this.#second = second;
    this.#oneIn = oneIn;
    this.#rng = rng;
  }

  verify(
    keyBytes: Uint8Array,
    keyAt: number,
    signatureBytes: Uint8Array,
    signatureAt: number,
    messageBytes: Uint8Array,
    messageAt: number,
    messageEnd: number,
  ): boolean {
    const accepted = this.#first.verify(
      keyBytes,
      keyAt,
      signatureBytes,
      signatureAt,
      messageBytes,
      messageAt,
      messageEnd,
    );
    if (accepted && this.#rng.below(this.#oneIn) === 0) {
      this.#audit(
        keyBytes,
        keyAt,
        signatureBytes,
        signatureAt,
        messageBytes,
        messageAt,
        messageEnd,
      );
    }
    return accepted;
  }

  verifyBatch(batch: VerifyBatch): void {
    this.#first.verifyBatch(batch);
    const { bytes, key, signature, message, messageEnd, verdict, count } = batch;
    for (let row = 0; row < count; row++) {
      if (verdict[row] !== 1 || this.#rng.below(this.#oneIn) !== 0) continue;
      this.#audit(bytes, key[row]!, bytes, signature[row]!, bytes, message[row]!, messageEnd[row]!);
    }
  }

  #audit(
    keyBytes: Uint8Array,
    keyAt: number,
    signatureBytes: Uint8Array,
    signatureAt: number,
    messageBytes: Uint8Array,
    messageAt: number,
    messageEnd: number,
  ): void {
    this.audited++;
    const agreed = this.#second.verify(
      keyBytes,
      keyAt,
      signatureBytes,
      signatureAt,
      messageBytes,
      messageAt,
      messageEnd,
    );
    if (agreed) return;
    this.disagreed++;
    this.lastDisagreement = {
      key: toHex(keyBytes, keyAt, keyAt + 32),
      signature: toHex(signatureBytes, signatureAt, signatureAt + 64),
      message: toHex(messageBytes, messageAt, messageEnd),
    };
  }
}
