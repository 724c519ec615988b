import { CrdsTable, Route } from '../src/crds/table.ts';
import { loadXxhash } from '../src/crypto/hash.ts';
import { createRegions, type Regions } from '../src/shm/regions.ts';
import { Outcome } from '../src/util/outcome.ts';
import { type Rng, seededRng } from '../src/util/rng.ts';
import { HASH_BYTES, Kind, PUBKEY_BYTES } from '../src/wire/limits.ts';
import { SEED } from './harness.ts';

/** What a value weighs on average on the real network, its signature included. */
export const VALUE_BYTES = 330;

/** Labels of one origin: a contact info, 12 votes, 12 epoch slots. */
const LABELS = 25;

/** Different contents; a real value was read just before it is stored, so its bytes are in the cache. */
const BODIES = 256;

/** A wallclock that all values start from, ms. */
const WALLCLOCK = 1_787_000_000_000;

/** A table as it is after a while on the real network, and values to put into it. */
export interface FilledTable {
  readonly table: CrdsTable;
  readonly regions: Regions;
  /** How many values the table holds. */
  readonly size: number;
  /** Labels to work on, in random order: numbers to pass to `upsert`. */
  readonly labels: Uint32Array;
  /** Puts one of `labels` into the table, `round` ms younger than at first. @returns outcome */
  upsert(label: number, round: number): number;
}

/**
 * Fills a table with made-up values: the right sizes, kinds and number of origins, random keys and
 * hashes, no signatures (the table never looks at them).
 *
 * @param size values in the table
 * @param spare how many further labels to prepare, to be inserted anew
 */
export async function fillTable(size: number, spare: number): Promise<FilledTable> {
  const rng = seededRng(SEED);
  const total = size + spare;
  const tableRows = 2 ** Math.ceil(Math.log2(total + 1));
  const regions = createRegions({ tableRows, batches: 4 });
  const table = new CrdsTable(regions, { xxhash: await loadXxhash(), hashSeed: SEED });
  const origins = Math.ceil(total / LABELS);
  const keysAt = BODIES * VALUE_BYTES;
  const bytes = new Uint8Array(new SharedArrayBuffer(keysAt + origins * PUBKEY_BYTES));
  rng.fill(bytes);
  const hashes = new Uint8Array(new SharedArrayBuffer((total + 1) * HASH_BYTES));
  rng.fill(hashes);
  const younger = total * HASH_BYTES; // scratch: the hash of a value that replaces another

  const upsert = (label: number, round: number): number => {
    const origin = Math.floor(label / LABELS);
    const which = label % LABELS;
    const kind = which === 0 ? Kind.CONTACT_INFO : which <= 12 ? Kind.VOTE : Kind.EPOCH_SLOTS;
    let hashAt = label * HASH_BYTES;
    if (round > 0) {
      for (let i = 0; i < HASH_BYTES; i++) hashes[younger + i] = hashes[hashAt + i]!;
      hashes[younger + (round & 7)] = round >>> 3;
      hashes[younger + 8] = round;
      hashAt = younger;
    }
    return table.upsert(
      bytes,
      (label % BODIES) * VALUE_BYTES,
      VALUE_BYTES,
      kind,
      which === 0 ? 0 : which - 1,
      keysAt + origin * PUBKEY_BYTES,
      WALLCLOCK + round,
      0,
      0,
      hashes,
      hashAt,
      WALLCLOCK + round,
      Route.PUSH,
    );
  };

  const labels = shuffled(total, rng);
  for (let i = 0; i < size; i++) {
    if (upsert(labels[i]!, 0) !== Outcome.VALUE_INSERTED) throw new Error('a label was refused');
  }
  return { table, regions, size, labels, upsert };
}

function shuffled(count: number, rng: Rng): Uint32Array {
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = rng.below(i + 1);
    const held = all[i]!;
    all[i] = all[other]!;
    all[other] = held;
  }
  return all;
}
