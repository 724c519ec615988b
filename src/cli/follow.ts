import type { Spy } from '../index.ts';
import { writeOut } from './output.ts';

/**
 * Prints every change of the table as a JSON line, until the spy stops or nobody reads any more.
 *
 * @param beforeLines called before each write, so that a progress line can step aside
 */
export async function printChanges(spy: Spy, beforeLines: () => void): Promise<void> {
  for await (const { lines } of spy.observe()) {
    beforeLines();
    await writeOut(lines);
    if (process.stdout.destroyed) return;
  }
}
