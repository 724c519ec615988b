/** One number for the content of a table, so that two tables can be compared at a glance. */
import { sha256Hex } from '../crypto/hash.ts';
import { toHex } from '../util/bytes.ts';
import { HASH_BYTES } from '../wire/limits.ts';
import type { TableView } from './view.ts';

/** SHA-256, in hex, over the sorted, concatenated hex SHA-256s of all values. */
export function tableDigest(view: TableView): string {
  const { hash, length } = view.columns;
  const hashes: string[] = [];
  for (let row = 0; row < view.highWater; row++) {
    if (length[row] !== 0) hashes.push(toHex(hash, row * HASH_BYTES, (row + 1) * HASH_BYTES));
  }
  return sha256Hex(Buffer.from(hashes.sort().join('')));
}
