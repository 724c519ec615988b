import {
  audited,
  chooseVerifier,
  createVerifier,
  type Verifier,
  type VerifierName,
} from '../crypto/verify.ts';
import { type KnownKeysOptions, KnownKeysVerifier } from '../crypto/verify-known.ts';
import { Counter, counterTotal } from '../shm/counters.ts';
import type { Regions } from '../shm/regions.ts';
import type { Clock } from '../util/clock.ts';
import type { Logger } from './ports.ts';

const LOOK_MS = 1_000;

/**
 * The verifier that was asked for, or the fastest that is fit; says which, and why not a faster one.
 *
 * @throws SpyError VERIFIER_UNUSABLE when none of those asked for is fit
 */
export function pickVerifier(
  preference: 'auto' | VerifierName,
  knownKeys: KnownKeysOptions | undefined,
  logger: Logger,
): Verifier {
  const { verifier, rejected } = chooseVerifier(preference, (name) =>
    createVerifier(name, { options: knownKeys }),
  );
  for (const { name, reason } of rejected) logger.warn({ verifier: name, reason }, 'not used');
  const { name } = verifier;
  if (verifier instanceof KnownKeysVerifier) {
    logger.info({ verifier: name, others: verifier.others }, 'tables for known keys');
  } else logger.info({ verifier: name }, 'signatures one by one');
  return audited(verifier);
}

/**
 * Says what threads can only count: that a second verifier came to another verdict, after which tables
 * are no longer used if one of them was wrong, and that a thread cannot use them.
 *
 * @returns what ends it
 */
export function watchVerifier(regions: Regions, clock: Clock, logger: Logger): () => void {
  let disagreed = 0;
  let lacking = 0;
  return clock.every(LOOK_MS, () => {
    const now = counterTotal(regions.counters, Counter.AUDIT_DISAGREEMENTS);
    if (now > disagreed) {
      logger.error(
        { disagreements: now },
        'a signature was judged wrongly, as a second verifier says: if by a table for known keys, these are no longer used; please report it',
      );
    }
    disagreed = now;
    const without = counterTotal(regions.counters, Counter.THREADS_WITHOUT_TABLES);
    if (without > lacking) {
      logger.warn({ threads: without }, 'a thread verifies without tables for known keys: slower');
    }
    lacking = without;
  });
}
