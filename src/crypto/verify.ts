import { SpyError, unreachable } from '../util/assert.ts';
import { osRng } from '../util/rng.ts';
import { AUDIT_ONE_IN, AuditedVerifier } from './audit.ts';
import { EDGE_VECTORS, placeEdgeVectors } from './edge-vectors.ts';
import {
  SINGLE_VERIFIER_NAMES,
  VERIFIER_NAMES,
  type Verifier,
  type VerifierName,
} from './verifier.ts';
import {
  createKnownKeysVerifier,
  type KnownKeysShare,
  type KnownKeysSource,
} from './verify-known.ts';
import { NobleVerifier } from './verify-noble.ts';
import { OpensslVerifier } from './verify-openssl.ts';
import { createSodiumVerifier } from './verify-sodium.ts';

export {
  createVerifyBatch,
  SINGLE_VERIFIER_NAMES,
  type SingleVerifierName,
  VERIFIER_NAMES,
  type Verifier,
  type VerifierName,
  type VerifyBatch,
} from './verifier.ts';

export type { KnownKeysShare };

/** The verifier that was found fit, and why faster ones were not. */
export interface VerifierChoice {
  verifier: Verifier;
  rejected: { name: VerifierName; reason: string }[];
}

/**
 * Loads one implementation without testing it; of `known`, what judges keys without a table is tested.
 *
 * @param source of the tables of `known`
 * @throws SpyError VERIFIER_UNAVAILABLE where it cannot be loaded
 */
export function createVerifier(name: VerifierName, source?: KnownKeysSource): Verifier {
  switch (name) {
    case 'known':
      return createKnownKeysVerifier(chooseSingleVerifier().verifier, new NobleVerifier(), source);
    case 'sodium':
      return createSodiumVerifier();
    case 'openssl':
      return new OpensslVerifier();
    case 'noble':
      return new NobleVerifier();
    default:
      return unreachable(name);
  }
}

/**
 * Takes the fastest implementation that decides every edge vector as validators do. Library behaviour
 * changes between versions, and one wrong acceptance that we relay makes peers drop our packets, so
 * this runs at every start.
 *
 * @param preference `auto` tries all in order; a name tries that one alone
 * @param create how an implementation is made; tests pass broken ones
 * @throws SpyError VERIFIER_UNUSABLE when none of those asked for is fit
 */
export function chooseVerifier(
  preference: 'auto' | VerifierName = 'auto',
  create: (name: VerifierName) => Verifier = (name) => createVerifier(name),
): VerifierChoice {
  return choose(preference === 'auto' ? VERIFIER_NAMES : [preference], create);
}

/** The same for who judges a signature now and then: tables for known keys would not pay. */
export function chooseSingleVerifier(): VerifierChoice {
  return choose(SINGLE_VERIFIER_NAMES, (name) => createVerifier(name));
}

/**
 * The verifier to work with: one in 1,024 of what it accepts is checked again by noble. Tables for known
 * keys see to that themselves.
 */
export function audited(verifier: Verifier): Verifier {
  if (verifier.name === 'noble' || verifier.tally) return verifier;
  return new AuditedVerifier(verifier, new NobleVerifier(), AUDIT_ONE_IN, osRng());
}

/**
 * A thread's verifier, of the sort that main chose. Without tables where those cannot be used: that
 * costs time, and `lacksTables` tells.
 *
 * @param source what main shares, and the number of this thread
 */
export function attachVerifier(
  name: VerifierName,
  source: KnownKeysSource | undefined,
): { verifier: Verifier; lacksTables: boolean } {
  try {
    const { verifier } = chooseVerifier(name, (one) => createVerifier(one, source));
    return { verifier: audited(verifier), lacksTables: false };
  } catch (error) {
    if (name !== 'known') throw error;
    return { verifier: audited(chooseSingleVerifier().verifier), lacksTables: true };
  }
}

function choose(
  names: readonly VerifierName[],
  create: (name: VerifierName) => Verifier,
): VerifierChoice {
  const rejected: VerifierChoice['rejected'] = [];
  for (const name of names) {
    try {
      const verifier = create(name);
      const reason = selfTest(verifier);
      if (reason === undefined) return { verifier, rejected };
      rejected.push({ name, reason });
    } catch (error) {
      rejected.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const reasons = rejected.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new SpyError(
    'VERIFIER_UNUSABLE',
    names.length > 1
      ? `No signature verifier decides as validators do on this machine (${reasons}). Reinstall Earshot or use another version of Node.`
      : `The signature verifier that was asked for cannot be used (${reasons}). Choose another, or auto.`,
  );
}

/**
 * Runs the edge vectors through both entrances, from shared memory as in operation and from plain.
 * @returns undefined when all verdicts are right, else a sentence naming the first wrong one
 */
export function selfTest(verifier: Verifier): string | undefined {
  for (const memory of ['shared', 'plain'] as const) {
    const batch = placeEdgeVectors(memory);
    const { bytes } = batch;
    if (memory === 'shared') verifier.verifyBatch(batch);
    for (const [row, vector] of EDGE_VECTORS.entries()) {
      const accepted =
        memory === 'shared'
          ? batch.verdict[row] === 1
          : verifier.verify(
              bytes,
              batch.key[row]!,
              bytes,
              batch.signature[row]!,
              bytes,
              batch.message[row]!,
              batch.messageEnd[row]!,
            );
      if (accepted !== vector.accept) {
        const did = accepted ? 'accepts' : 'refuses';
        return `${did} "${vector.name}" (${memory} memory), which validators ${vector.accept ? 'accept' : 'refuse'}`;
      }
    }
  }
  return undefined;
}
