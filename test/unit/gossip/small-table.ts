import { Stakes } from '../../../src/crds/peers.ts';
import { CrdsTable, Route } from '../../../src/crds/table.ts';
import { loadXxhash, sha256Into } from '../../../src/crypto/hash.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { writeU16, writeU32, writeU64 } from '../../../src/util/bytes.ts';
import { Kind } from '../../../src/wire/limits.ts';

const xxhash = await loadXxhash();

/** A public key that a number stands for. */
export function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(32).fill(number & 0xff);
  writeU32(key, 0, number);
  return key;
}

/** What a made-up value is like; everything has a default. */
export interface MadeUp {
  origin: number;
  kind?: number;
  index?: number;
  wallclock?: number;
  length?: number;
  route?: number;
  nowMs?: number;
  /** The 16 most significant bits of the hash word, which say where it belongs; by SHA-256 when left out. */
  prefix?: number;
  /** For contact infos. */
  ip?: number;
  port?: number;
  shredVersion?: number;
}

export const NOW = 1_800_000_000_000;
export const SHRED_VERSION = 20_126;

/** A table with made-up values: nothing in it decodes, but every column is right. */
export class SmallTable {
  readonly table: CrdsTable;

  constructor(stakes: Readonly<Record<number, number>> = {}, tableRows = 4_096) {
    const regions = createRegions({ ...SMALL_CAPACITIES, tableRows }, false);
    this.table = new CrdsTable(regions, { xxhash, hashSeed: 7 });
    this.table.setStakes(
      new Stakes(
        Object.entries(stakes).map(([who, lamports]) => [keyOf(Number(who)), lamports] as const),
      ),
    );
  }

  /** Stores a value. @returns its row */
  put(made: MadeUp): number {
    const { origin, kind = Kind.CONTACT_INFO, index = 0, wallclock = NOW, length = 200 } = made;
    const bytes = new Uint8Array(length);
    writeU64(bytes, 0, wallclock);
    writeU32(bytes, 8, index * 16 + kind);
    bytes.set(keyOf(origin), 68);
    const hash = new Uint8Array(32);
    sha256Into(bytes, 0, length, hash, 0);
    if (made.prefix !== undefined) writeU16(hash, 6, made.prefix);
    const { nowMs = NOW, route = Route.PUSH } = made;
    this.table.upsert(bytes, 0, length, kind, index, 68, wallclock, 0, 0, hash, 0, nowMs, route);
    const { row, peers } = this.table;
    if (kind === Kind.CONTACT_INFO) {
      const peer = peers.find(bytes, 68);
      const { ip = 0x0a000000 + origin, port = 8001, shredVersion = SHRED_VERSION } = made;
      peers.setContact(peer, ip, port, shredVersion);
    }
    return row;
  }
}
