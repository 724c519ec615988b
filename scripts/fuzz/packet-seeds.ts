import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fromHex } from '../../src/util/bytes.ts';
import { ROOT } from './root.ts';

/** Recorded packets that validator code has judged: what a corpus begins with. */
export function packetSeeds(
  files: readonly string[] = ['packets', 'edges', 'deflate'],
): Uint8Array[] {
  return files.flatMap((name) => {
    const path = join(ROOT, 'test/fixtures', `${name}.jsonl.gz`);
    const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => fromHex((JSON.parse(line) as { hex: string }).hex) ?? new Uint8Array(0));
  });
}
