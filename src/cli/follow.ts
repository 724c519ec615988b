import type { Spy } from '../index.ts';
import { offerOut } from './output.ts';

/**
 * Prints every change of the table as a JSON line, until the spy stops or nobody reads any more.
 *
 * @param beforeLines called before each write, so that a progress line can step aside
 */
export async function printChanges(
  spy: Pick<Spy, 'observe'>,
  beforeLines: () => void,
): Promise<void> {
  for await (const { lines } of spy.observe()) {
    beforeLines();
    if (!(await offerOut(lines))) return;
  }
}
