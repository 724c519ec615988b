/** A main thread that changes its table as fast as it can, in turns, as a node under load does. */
import type { MainCommands } from '../../src/api/observer-api.ts';
import { CrdsTable, Route } from '../../src/crds/table.ts';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { type Capacities, SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { createRegions, type Regions } from '../../src/shm/regions.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { seededRng } from '../../src/util/rng.ts';
import { Kind, PUBKEY_BYTES } from '../../src/wire/limits.ts';

const xxhash = await loadXxhash();

/** Changes in one turn. */
const TURN = 500;

const ORIGINS = 60;
const LABELS = 40;

/** What a main lends to an observer whose listeners want to know nothing that only main knows. */
export const NO_COMMANDS: MainCommands = {
  nodeFacts: () => ({
    ...{ identity: '', startedMs: 0, steadyOffsetMs: 0 },
    unproved: {
      ...{ bytes: new Uint8Array(0), lengths: [], stakes: [], firstSeenMs: [], lastSeenMs: [] },
      ...{ unanswered: [], heardMs: [], signedMs: [] },
    },
  }),
};

export class BusyMain {
  readonly regions: Regions;
  readonly table: CrdsTable;
  /** Changes made so far. */
  changes = 0;
  /** The longest that a turn had to wait for its thread. @units ms */
  longestWaitMs = 0;
  readonly #rng = seededRng(11);
  readonly #keys = new Uint8Array(ORIGINS * PUBKEY_BYTES);
  readonly #value = new Uint8Array(200);
  readonly #hash = new Uint32Array(8);

  constructor(capacities: Partial<Capacities> = {}) {
    this.regions = createRegions({ ...SMALL_CAPACITIES, ...capacities }, true);
    this.table = new CrdsTable(this.regions, { xxhash, hashSeed: 77 });
    this.#rng.fill(this.#keys);
  }

  /** Makes so many changes, with other things having their turn in between. */
  async change(count: number): Promise<void> {
    const end = this.changes + count;
    while (this.changes < end) {
      for (let i = 0; i < TURN; i++) this.#changeOne();
      this.table.journal.publish();
      const beforeMs = SystemClock.monoMs();
      await new Promise<void>((resolve) => SystemClock.soon(resolve));
      this.longestWaitMs = Math.max(this.longestWaitMs, SystemClock.monoMs() - beforeMs);
    }
  }

  #changeOne(): void {
    const [rng, hash] = [this.#rng, this.#hash];
    const nowMs = SystemClock.wallMs();
    this.changes += 1;
    const keyAt = rng.below(ORIGINS) * PUBKEY_BYTES;
    if (this.changes % 97 === 0) this.table.removeOrigin(this.#keys, keyAt, nowMs);
    this.#value.set(this.#keys.subarray(keyAt, keyAt + PUBKEY_BYTES), 4);
    hash.fill(this.changes);
    const bytes = new Uint8Array(hash.buffer);
    const length = 120 + rng.below(80);
    const index = rng.below(LABELS);
    const clock = this.changes;
    const v = this.#value;
    this.table.upsert(v, 0, length, Kind.VOTE, index, 4, clock, 0, 0, bytes, 0, nowMs, Route.PUSH);
  }
}
