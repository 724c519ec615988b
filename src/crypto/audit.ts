import { assert } from '../util/assert.ts';
import type { Rng } from '../util/rng.ts';
import { type Verifier, type VerifierTally, type VerifyBatch, verifyRow } from './verifier.ts';

/** One in so many acceptances is checked again: about a microsecond a signature with noble. @source architecture 10 */
export const AUDIT_ONE_IN = 1_024;

/** A tally of nothing yet. */
export function newTally(): VerifierTally {
  return { byTable: 0, built: 0, audited: 0, disagreed: 0 };
}

/** Says when the next audit is due: after 1 to 2n − 1 signatures, n on average, so that nobody can time by it what he sends. */
export class AuditDraw {
  readonly #oneIn: number;
  readonly #rng: Rng;
  #left: number;

  constructor(oneIn: number, rng: Rng) {
    assert(Number.isInteger(oneIn) && oneIn >= 1, 'an audit: oneIn is a positive integer');
    this.#oneIn = oneIn;
    this.#rng = rng;
    this.#left = this.#draw();
  }

  /** Notes signatures. @returns whether one of them is to be checked again */
  isDue(signatures: number): boolean {
    this.#left -= signatures;
    if (this.#left > 0) return false;
    this.#left = this.#draw();
    return true;
  }

  #draw(): number {
    return 1 + this.#rng.below(2 * this.#oneIn - 1);
  }
}

/**
 * A verifier that has some of its acceptances checked again by a second one. Relaying a value that
 * validators refuse makes them drop whole packets of ours, so a disagreement is an alarm. It is counted,
 * not acted on: a verdict never depends on which signatures were drawn.
 */
export class AuditedVerifier implements Verifier {
  readonly name: Verifier['name'];
  readonly tally: VerifierTally;
  readonly #first: Verifier;
  readonly #second: Verifier;
  readonly #audit: AuditDraw;

  /** @param tally where to count; a verifier of which this one is a part passes its own */
  constructor(
    first: Verifier,
    second: Verifier,
    oneIn: number,
    rng: Rng,
    tally: VerifierTally = newTally(),
  ) {
    this.name = first.name;
    this.tally = tally;
    this.#first = first;
    this.#second = second;
    this.#audit = new AuditDraw(oneIn, rng);
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
    if (accepted && this.#audit.isDue(1)) {
      this.tally.audited++;
      const agreed = this.#second.verify(
        keyBytes,
        keyAt,
        signatureBytes,
        signatureAt,
        messageBytes,
        messageAt,
        messageEnd,
      );
      if (!agreed) this.tally.disagreed++;
    }
    return accepted;
  }

  verifyBatch(batch: VerifyBatch): void {
    this.#first.verifyBatch(batch);
    for (let row = 0; row < batch.count; row++) {
      if (batch.verdict[row] !== 1 || !this.#audit.isDue(1)) continue;
      this.tally.audited++;
      if (!verifyRow(this.#second, batch, row)) this.tally.disagreed++;
    }
  }
}
