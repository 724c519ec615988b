import { assert, SpyError } from '../util/assert.ts';
import { SystemClock } from '../util/clock.ts';
import { osRng, type Rng } from '../util/rng.ts';
import { AUDIT_ONE_IN, AuditDraw, AuditedVerifier, newTally } from './audit.ts';
import { EDGE_VECTORS } from './edge-vectors.ts';
import { TableBuilder } from './known-keys/builder.ts';
import { Candidates } from './known-keys/candidates.ts';
import { KeyDirectory } from './known-keys/directory.ts';
import { KnownKeysEngine } from './known-keys/engine.ts';
import {
  attachKnownKeys,
  createKnownKeys,
  type KnownKeysHandle,
  type KnownKeysThread,
} from './known-keys/memory.ts';
import { checkTables } from './known-keys/self-check.ts';
import { type Verifier, type VerifyBatch, verifyRow } from './verifier.ts';

/** How known keys are treated; left out, each is the default. */
export interface KnownKeysOptions {
  /** Most keys with a table: 4,096, which all of mainnet fits into, take 56 MB when all are used. */
  readonly keys?: number | undefined;
  /** Accepted signatures of a key after which a table is made for it. */
  readonly after?: number | undefined;
  /** One in so many verdicts by table is checked again. */
  readonly auditOneIn?: number | undefined;
}

/**
 * 4,096 keys at 14 KB and not 2,048 at twice that: some more additions, but mainnet has 3,700 origins, and a
 * signature whose key has no table costs more than three times as much as one whose key has.
 */
export const KNOWN_KEYS_DEFAULTS = Object.freeze({
  keys: 4_096,
  after: 4,
  auditOneIn: AUDIT_ONE_IN,
});

/** Steps of table making at a time, 21 of which make four tables: 0.15 ms, 0.6 in the first moments. */
const STEPS = 10;

/**
 * Tables are made for so long after each batch, and a few steps more: no batch is held for a millisecond. Also
 * after a batch that was dropped: a key waits only after four signatures that took three times as long as its
 * table will, so this cannot take over, and without it a node that is behind when it starts stays behind.
 */
const BUILD_MS = 0.4;

/** What a known-key verifier works with besides its thread's share of the memory. */
export interface KnownKeysParts {
  /** Judges what has no table, and everything once tables are off. */
  readonly others: Verifier;
  /** Checks the sample. */
  readonly auditor: Verifier;
  readonly rng: Rng;
  /** Number of the thread, above 0, unlike any other living one's. */
  readonly owner: number;
  readonly options: KnownKeysOptions;
  /** For how long tables are made after a batch; as `BUILD_MS` when left out. @units ms */
  readonly buildMs?: number;
}

/**
 * Signatures of keys with a table are judged together and more than three times as fast; those of other keys by
 * another verifier, which also says which keys recur. Verdicts are the same whichever way: one in 1,024 is
 * checked again, and the first wrong one ends the use of tables in all threads.
 */
export class KnownKeysVerifier implements Verifier {
  readonly name = 'known';
  readonly tally = newTally();
  /** For other threads. */
  readonly share: KnownKeysShare;
  readonly #others: Verifier;
  readonly #auditor: Verifier;
  readonly #rng: Rng;
  readonly #audit: AuditDraw;
  readonly #directory: KeyDirectory;
  readonly #engine: KnownKeysEngine;
  readonly #candidates: Candidates;
  readonly #builder: TableBuilder;
  readonly #buildMs: number;
  /** Of each staged row: the row of the batch, the slot and its version. */
  readonly #rows: Uint32Array;
  readonly #slots: Int32Array;
  readonly #versions: Int32Array;
  #staged = 0;

  constructor(thread: KnownKeysThread, parts: KnownKeysParts) {
    const { after = KNOWN_KEYS_DEFAULTS.after, auditOneIn = KNOWN_KEYS_DEFAULTS.auditOneIn } =
      parts.options;
    assert(after >= 1 && after <= 255, 'known keys: a table after 1 to 255 signatures');
    assert(parts.owner > 0, 'known keys: threads count from 1');
    this.share = { handle: thread.handle, options: parts.options };
    const { auditor, rng } = parts;
    this.#others = new AuditedVerifier(parts.others, auditor, auditOneIn, rng, this.tally);
    this.#auditor = auditor;
    this.#rng = rng;
    this.#audit = new AuditDraw(auditOneIn, rng);
    this.#directory = new KeyDirectory(thread);
    this.#engine = new KnownKeysEngine(thread);
    this.#candidates = new Candidates(after, thread);
    this.#buildMs = parts.buildMs ?? BUILD_MS;
    this.#builder = new TableBuilder(thread, this.#directory, this.#candidates, parts.owner);
    this.#rows = new Uint32Array(this.#engine.rows);
    this.#slots = new Int32Array(this.#engine.rows);
    this.#versions = new Int32Array(this.#engine.rows);
  }

  /** Who judges what has no table. */
  get others(): string {
    return this.#others.name;
  }

  /** Keys with a table, over all threads. */
  get size(): number {
    return this.#directory.size;
  }

  /** Whether tables were caught deciding wrongly. */
  get isOff(): boolean {
    return this.#directory.isOff;
  }

  /** One signature alone gains nothing from a table: the inversion is shared with nobody. */
  verify(
    keyBytes: Uint8Array,
    keyAt: number,
    signatureBytes: Uint8Array,
    signatureAt: number,
    messageBytes: Uint8Array,
    messageAt: number,
    messageEnd: number,
  ): boolean {
    return this.#others.verify(
      keyBytes,
      keyAt,
      signatureBytes,
      signatureAt,
      messageBytes,
      messageAt,
      messageEnd,
    );
  }

  verifyBatch(batch: VerifyBatch): void {
    const directory = this.#directory;
    if (directory.isOff) {
      this.#others.verifyBatch(batch);
      return;
    }
    const { bytes, key, signature, message, messageEnd, count } = batch;
    const tick = directory.advance(count) + count;
    for (let row = 0; row < count; row++) {
      const hash = directory.hash(bytes, key[row]!);
      const slot = this.#engine.fits(messageEnd[row]! - message[row]!)
        ? directory.find(bytes, key[row]!, hash)
        : -1;
      if (slot < 0) {
        this.#judgeAlone(batch, row, hash);
        continue;
      }
      directory.touch(slot, tick);
      const i = this.#staged++;
      this.#rows[i] = row;
      this.#slots[i] = slot;
      this.#versions[i] = directory.foundVersion;
      this.#engine.stage(
        i,
        directory.keyOf(slot),
        directory.tableOf(slot),
        bytes,
        signature[row]!,
        message[row]!,
        messageEnd[row]!,
      );
      if (this.#staged === this.#rows.length) this.#judgeStaged(batch);
    }
    if (this.#staged > 0) this.#judgeStaged(batch);
    this.#builder.wait();
    const endMs = SystemClock.monoMs() + this.#buildMs;
    while (this.#build() && SystemClock.monoMs() < endMs);
  }

  /** Makes tables while there is nothing else to do. @returns whether there was anything to make */
  spare(): boolean {
    if (this.#directory.isOff) return false;
    return this.#build();
  }

  finish(): void {
    const before = this.#builder.built;
    this.#builder.finish();
    this.tally.built += this.#builder.built - before;
  }

  /** Lets another thread build in place of one that died. @param owner its number */
  release(owner: number): void {
    this.#directory.unlock(owner);
  }

  #build(): boolean {
    const before = this.#builder.built;
    const worked = this.#builder.work(STEPS);
    this.tally.built += this.#builder.built - before;
    return worked;
  }

  #judgeAlone(batch: VerifyBatch, row: number, hash: number): void {
    const accepted = verifyRow(this.#others, batch, row);
    batch.verdict[row] = accepted ? 1 : 0;
    if (accepted) this.#candidates.accepted(batch.bytes, batch.key[row]!, hash);
  }

  #judgeStaged(batch: VerifyBatch): void {
    const staged = this.#staged;
    this.#staged = 0;
    const rows = this.#rows;
    if (staged > 1) {
      this.#engine.verify(staged);
      if (this.#allHold(staged) && this.#passesAudit(batch, staged)) {
        for (let i = 0; i < staged; i++) batch.verdict[rows[i]!] = this.#engine.accepts(i) ? 1 : 0;
        this.tally.byTable += staged;
        return;
      }
    }
    for (let i = 0; i < staged; i++) {
      const row = rows[i]!;
      batch.verdict[row] = verifyRow(this.#others, batch, row) ? 1 : 0;
    }
  }

  /**
   * Whether no table was replaced while it was read. A single changed one spoils all rows, because they
   * share an inversion.
   */
  #allHold(staged: number): boolean {
    for (let i = 0; i < staged; i++) {
      if (!this.#directory.holds(this.#slots[i]!, this.#versions[i]!)) return false;
    }
    return true;
  }

  /** Has some verdicts checked again. @returns false when one was wrong, which ends the use of tables */
  #passesAudit(batch: VerifyBatch, staged: number): boolean {
    if (!this.#audit.isDue(staged)) return true;
    const i = this.#rng.below(staged);
    this.tally.audited++;
    const row = this.#rows[i]!;
    if (verifyRow(this.#auditor, batch, row) === this.#engine.accepts(i)) return true;
    this.tally.disagreed++;
    this.#directory.switchOff();
    return false;
  }
}

/** What one thread gives another so that both use the same tables; can be posted. */
export interface KnownKeysShare {
  readonly handle: KnownKeysHandle;
  readonly options: KnownKeysOptions;
}

/** Where a thread takes its tables from: what another shares, or memory of its own. */
export interface KnownKeysSource {
  readonly options?: KnownKeysOptions | undefined;
  readonly handle?: KnownKeysHandle | undefined;
  readonly owner?: number;
  readonly rng?: Rng;
}

/** Number of the main thread as an owner: Node counts its others from 1. */
const MAIN_OWNER = 0x40000000;

/**
 * Attaches the calling thread, or sets everything up where there is no handle yet, and judges the edge
 * vectors by table.
 *
 * @throws SpyError VERIFIER_UNAVAILABLE without fused operations, VERIFIER_UNUSABLE when a verdict is wrong
 */
export function createKnownKeysVerifier(
  others: Verifier,
  auditor: Verifier,
  source: KnownKeysSource = {},
): KnownKeysVerifier {
  const { options = {}, handle, owner = MAIN_OWNER, rng = osRng() } = source;
  const thread = handle
    ? attachKnownKeys(handle)
    : createKnownKeys(options.keys ?? KNOWN_KEYS_DEFAULTS.keys, rng);
  const wrong = checkTables(thread, EDGE_VECTORS);
  if (wrong !== undefined) throw new SpyError('VERIFIER_UNUSABLE', wrong);
  return new KnownKeysVerifier(thread, { others, auditor, rng, owner, options });
}
