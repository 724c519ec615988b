import { SpyError } from '../util/assert.ts';

/** What an older Node lacks so much that nothing would run: `hash` of node:crypto. */
const OLDEST = [20, 12] as const;

/**
 * A sentence instead of what Node would say about a missing export. The manifest asks for 20.20.2, below
 * which Node has holes in its security; npm warns of that.
 *
 * @throws SpyError NODE_TOO_OLD
 */
export function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new SpyError(
    'NODE_TOO_OLD',
    `This is Node ${version}, and Earshot needs 20.20.2 or later. Install a newer one, from nodejs.org or by a version manager.`,
  );
}
