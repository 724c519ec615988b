import { SpyError } from '../util/assert.ts';
import { SystemClock } from '../util/clock.ts';
import { formatIp, isLoopback, isPrivate, parseIp } from '../util/ipv4.ts';
import {
  type ClusterHint,
  type Entrypoint,
  learnCluster,
  localAddressTowards,
  resolveEntrypoint,
} from './bootstrap.ts';
import type { Logger } from './ports.ts';

/** What the operator says about the cluster and our place in it; 0 and undefined stand for "find out". */
export interface JoinWishes {
  readonly entrypoints: readonly string[];
  readonly shredVersion: number;
  readonly bindAddress: string | undefined;
  readonly allowPrivate: boolean;
  /** What an earlier run found out, for when nobody answers in time. */
  readonly remembered?: Remembered | undefined;
}

/** What a store says of the run before. */
export interface Remembered {
  readonly shredVersion: number;
  /** Our address. @units IPv4 as a number, 0 when it was not known */
  readonly ip: number;
}

/** Who remembers something waits no longer for entrypoints: a restart shall serve within 3 s. @source reliability G13 */
const REMEMBERING_WAIT_MS = 1_500;

/** What is known before the first datagram. */
export interface JoinFacts {
  readonly entrypoints: readonly Entrypoint[];
  readonly shredVersion: number;
  /** Our address as others shall reach it. @units IPv4 as a number */
  readonly ip: number;
  readonly allowPrivate: boolean;
  /**
   * Settles when the entrypoints were asked whether they agree with the operator, where that did not
   * have to be awaited. @throws SpyError SHRED_VERSION_WRONG
   */
  readonly confirmation: Promise<void>;
  /** Breaks off what still asks; what waits for the confirmation then never hears a refusal. */
  readonly stopAsking: () => void;
}

/**
 * Finds out what it takes to join: entrypoints' addresses, shred version, our own address.
 *
 * @source behaviour 9.2: the shred version is known before gossip starts, and 0 has no meaning on the wire
 * @throws SpyError with what to do, when it cannot be found out
 */
export async function prepareJoin(wishes: JoinWishes, logger: Logger): Promise<JoinFacts> {
  const entrypoints = await resolveAll(wishes.entrypoints, logger).catch((error: unknown) => {
    if (wishes.remembered === undefined) throw error;
    logger.warn({}, `${(error as Error).message} The peers of the store are asked instead.`);
    return [];
  });
  const allowPrivate =
    wishes.allowPrivate || entrypoints.some((e) => isLoopback(e.ip) || isPrivate(e.ip));
  const given = wishes.bindAddress === undefined ? 0 : parseIp(wishes.bindAddress);
  if (wishes.shredVersion !== 0 && given !== 0) {
    const stop = new AbortController();
    const confirmation =
      entrypoints.length > 0 ? confirm(entrypoints, wishes.shredVersion, stop) : Promise.resolve();
    return {
      entrypoints,
      shredVersion: wishes.shredVersion,
      ip: given,
      allowPrivate,
      confirmation,
      stopAsking: () => stop.abort(),
    };
  }
  const fallback = fits(wishes) ? wishes.remembered : undefined;
  if (entrypoints.length === 0 && fallback === undefined) {
    throw new SpyError(
      'NOBODY_TO_ASK',
      'Without an entrypoint, give --shred-version, --bind-address and --gossip-port: then it waits to be spoken to.',
    );
  }
  const { hint, confirmation, stopAsking } = await learn(entrypoints, wishes, fallback);
  for (const warning of hint.warnings) logger.warn({}, warning);
  const ip = given || hint.ip || (await ownAddress(entrypoints));
  if (isPrivate(ip) && !allowPrivate) {
    logger.warn(
      { address: formatIp(ip) },
      'our address is private: others cannot reach us, so nothing will be pushed to us',
    );
  }
  return {
    entrypoints,
    shredVersion: hint.shredVersion,
    ip,
    allowPrivate,
    confirmation,
    stopAsking,
  };
}

/** Whether what is remembered does not contradict what the operator says. */
function fits({ remembered, shredVersion }: JoinWishes): boolean {
  if (remembered === undefined || remembered.shredVersion === 0) return false;
  return shredVersion === 0 || shredVersion === remembered.shredVersion;
}

/** What the entrypoints say; or, when none has spoken in time, what is remembered, until they object. */
async function learn(
  entrypoints: readonly Entrypoint[],
  { shredVersion }: JoinWishes,
  fallback: Remembered | undefined,
): Promise<{ hint: ClusterHint } & Pick<JoinFacts, 'confirmation' | 'stopAsking'>> {
  const stop = new AbortController();
  const stopAsking = (): void => stop.abort();
  if (fallback === undefined) {
    const hint = await learnCluster(entrypoints, shredVersion, stop);
    return { hint, confirmation: Promise.resolve(), stopAsking };
  }
  const remembered: ClusterHint = {
    ...fallback,
    warnings: ['No entrypoint has answered so far: going on with what the store remembers.'],
  };
  if (entrypoints.length === 0) {
    return { hint: remembered, confirmation: Promise.resolve(), stopAsking };
  }
  const asking = learnCluster(entrypoints, shredVersion, stop);
  const waiting = new Promise<undefined>((resolve) => {
    SystemClock.after(REMEMBERING_WAIT_MS, () => resolve(undefined));
  });
  const unanswered = (error: unknown): undefined => {
    if (error instanceof SpyError && error.code === 'NO_ENTRYPOINT_ANSWERED') return undefined;
    throw error;
  };
  const hint = await Promise.race([asking.catch(unanswered), waiting]);
  if (hint !== undefined) return { hint, confirmation: Promise.resolve(), stopAsking };
  const confirmation = asking.catch(unanswered).then((late) => {
    if (late === undefined || late.shredVersion === fallback.shredVersion) return;
    throw new SpyError(
      'SHRED_VERSION_CHANGED',
      `The entrypoints are on shred version ${late.shredVersion}, the store remembers ${fallback.shredVersion}. Start again to follow them, or give --shred-version.`,
    );
  });
  return { hint: remembered, confirmation, stopAsking };
}

/** Resolves all names; one that fails is a warning while another works. */
async function resolveAll(names: readonly string[], logger: Logger): Promise<Entrypoint[]> {
  const results = await Promise.allSettled(names.map((name) => resolveEntrypoint(name)));
  const entrypoints = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
  const failures = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as SpyError] : []));
  const [first] = failures;
  if (entrypoints.length > 0 || !first) {
    for (const failure of failures) logger.warn({}, failure.message);
    return entrypoints;
  }
  if (failures.length === 1) throw first;
  throw new SpyError(
    first.code,
    `None of the ${failures.length} entrypoints can be used. ${first.message}`,
    { cause: first },
  );
}

/** Entrypoints that do not answer say nothing against the operator; one that differs does. */
async function confirm(
  entrypoints: readonly Entrypoint[],
  shredVersion: number,
  stop: AbortController,
): Promise<void> {
  await learnCluster(entrypoints, shredVersion, stop);
}

async function ownAddress(entrypoints: readonly Entrypoint[]): Promise<number> {
  for (const entrypoint of entrypoints) {
    const ip = await localAddressTowards(entrypoint);
    if (ip !== 0) return ip;
  }
  throw new SpyError(
    'NO_ADDRESS',
    'No entrypoint tells our address and no network leads there. Give it with --bind-address.',
  );
}
