import { spliced } from './mutate.ts';

const NOTHING = new Uint8Array(0);

/**
 * Makes an input smaller while something stays true of it: cuts ever smaller pieces out, then zeroes what
 * is left, until neither helps.
 *
 * @param holds asked at most `tries` times
 */
export async function minimise(
  input: Uint8Array,
  holds: (candidate: Uint8Array) => boolean | Promise<boolean>,
  tries = 4_000,
): Promise<Uint8Array> {
  let best = input;
  let left = tries;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (left-- <= 0 || !(await holds(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length >> 1; size > 0 && left > 0; size >>= 1) {
    for (let at = 0; at < best.length && left > 0; ) {
      if (!(await attempt(spliced(best, at, size, NOTHING)))) at += size;
    }
  }
  for (let size = best.length; size > 0 && left > 0; size >>= 1) {
    for (let at = 0; at < best.length && left > 0; at += size) {
      const end = Math.min(best.length, at + size);
      if (best.subarray(at, end).every((byte) => byte === 0)) continue;
      await attempt(best.slice().fill(0, at, end));
    }
  }
  return best;
}
