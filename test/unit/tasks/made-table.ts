/** Regions with a table of signed values of a few made-up origins, and what tasks need to work on it. */
import { CrdsTable, Route } from '../../../src/crds/table.ts';
import type { TableView } from '../../../src/crds/view.ts';
import { loadXxhash, sha256 } from '../../../src/crypto/hash.ts';
import type { Capacities } from '../../../src/shm/layout.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions, type Regions } from '../../../src/shm/regions.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { createValueColumns, skimValue } from '../../../src/wire/skim.ts';
import { Peer, START_MS } from '../node/peer.ts';

const xxhash = await loadXxhash();

/** A table that tasks can work on. */
export class MadeTable {
  readonly regions: Regions;
  readonly table: CrdsTable;
  readonly #columns = createValueColumns(2);

  constructor(capacities: Partial<Capacities> = {}) {
    this.regions = createRegions({ ...SMALL_CAPACITIES, ...capacities }, false);
    this.table = new CrdsTable(this.regions, { xxhash, hashSeed: 7 });
  }

  get view(): TableView {
    return this.table.view;
  }

  /** Stores a signed value. @returns its row */
  put(value: Uint8Array): number {
    const c = this.#columns;
    skimValue(value, 0, value.length, c, 0);
    this.table.upsert(
      value,
      0,
      value.length,
      c.kind[0]!,
      c.index[0]!,
      c.origin[0]!,
      c.wallclock[0]!,
      c.kind[0] === Kind.CONTACT_INFO ? 1 : 0,
      0,
      sha256(value),
      0,
      START_MS,
      Route.PUSH,
    );
    return this.table.row;
  }

  /** Stores contact infos of so many peers, and so many slots values of each. */
  fill(origins: number, slots: number): Peer[] {
    const peers = Array.from({ length: origins }, (_, i) => new Peer(1 + i));
    for (const peer of peers) {
      this.put(peer.contact());
      for (let i = 0; i < slots; i++) this.put(peer.slots(i));
    }
    return peers;
  }
}
