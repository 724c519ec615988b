/** The implementations that judge any signature by itself, in the order in which they are tried: fastest first. */
export const SINGLE_VERIFIER_NAMES = ['sodium', 'openssl', 'noble'] as const;

/** All implementations: tables for known keys, with one of the others for all other keys, come first. */
export const VERIFIER_NAMES = ['known', ...SINGLE_VERIFIER_NAMES] as const;

/** One that judges any signature by itself. */
export type SingleVerifierName = (typeof SINGLE_VERIFIER_NAMES)[number];

/** One of the implementations. */
export type VerifierName = (typeof VERIFIER_NAMES)[number];

/**
 * Signatures to be judged together, one row each. Offsets are absolute in `bytes`.
 *
 * @shape bytes: Uint8Array, may be shared; columns of equal length, rows [0, count) are used
 * @owner the caller owns everything for the duration of the call
 */
export interface VerifyBatch {
  bytes: Uint8Array;
  /** First byte of the 32-byte public key. */
  key: Uint32Array;
  /** First byte of the 64-byte signature. */
  signature: Uint32Array;
  /** First byte of what was signed. */
  message: Uint32Array;
  /** Offset behind what was signed. */
  messageEnd: Uint32Array;
  /** Out: 1 when the signature is good, else 0. */
  verdict: Uint8Array;
  count: number;
  /** Called now and then where a batch may take longer than a thread may be silent. */
  beat?: () => void;
}

/**
 * Decides about Ed25519 signatures exactly as validators do (ed25519-dalek's verify_strict):
 * S below the group order, neither key nor commitment of small order, and the cofactorless equation
 * compared as bytes. One instance belongs to one thread.
 */
export interface Verifier {
  readonly name: VerifierName;
  /**
   * @shape keyBytes, signatureBytes, messageBytes: Uint8Array, may be shared, may be the same
   * @units keyAt, signatureAt, messageAt, messageEnd: byte offsets
   */
  verify(
    keyBytes: Uint8Array,
    keyAt: number,
    signatureBytes: Uint8Array,
    signatureAt: number,
    messageBytes: Uint8Array,
    messageAt: number,
    messageEnd: number,
  ): boolean;
  /** Fills the verdict of every row; a row's verdict does not depend on the others. */
  verifyBatch(batch: VerifyBatch): void;
  /** What was counted since the owner last took it, which he sets back to zero. */
  readonly tally?: VerifierTally;
  /** Prepares what makes later signatures cheaper, for well under a millisecond. @returns whether anything was done */
  spare?(): boolean;
  /** Ends what `spare` began; called before the thread may get other work. */
  finish?(): void;
}

/** How often tables for known keys were used, and whether verdicts can be trusted. */
export interface VerifierTally {
  /** Signatures judged by table. */
  byTable: number;
  /** Tables made. */
  built: number;
  /** Verdicts that were checked again. */
  audited: number;
  /** Of those, the wrong ones; after the first by table, tables are no longer used. */
  disagreed: number;
}

/** Columns for up to `capacity` signatures over `bytes`. */
export function createVerifyBatch(bytes: Uint8Array, capacity: number): VerifyBatch {
  return {
    bytes,
    key: new Uint32Array(capacity),
    signature: new Uint32Array(capacity),
    message: new Uint32Array(capacity),
    messageEnd: new Uint32Array(capacity),
    verdict: new Uint8Array(capacity),
    count: 0,
  };
}

/** Asks a verifier about one row of a batch; the batch stays as it is. */
export function verifyRow(verifier: Verifier, batch: VerifyBatch, row: number): boolean {
  const { bytes, key, signature, message, messageEnd } = batch;
  return verifier.verify(
    bytes,
    key[row]!,
    bytes,
    signature[row]!,
    bytes,
    message[row]!,
    messageEnd[row]!,
  );
}

/** Rows between two signs of life: 40 to 60 ms by the slowest verifier. */
const ROWS_PER_BEAT = 32;

/** Judges a batch row by row, for implementations that gain nothing from seeing rows together. */
export function verifyRows(verifier: Verifier, batch: VerifyBatch): void {
  for (let row = 0; row < batch.count; row++) {
    batch.verdict[row] = verifyRow(verifier, batch, row) ? 1 : 0;
    if (row % ROWS_PER_BEAT === ROWS_PER_BEAT - 1) batch.beat?.();
  }
}
