/** Earshot as a library: `createSpy` joins a cluster, and the spy tells what it hears. */
import { parseListenAddress } from './api/http/settings.ts';
import { Spy } from './api/spy.ts';
import type { SpyOptions } from './api/spy-options.ts';
import { loadXxhash } from './crypto/hash.ts';
import { createIdentity, type Identity, readIdentityFile } from './crypto/identity.ts';
import { type JoinFacts, prepareJoin } from './node/join.ts';
import { type Logger, SILENT_LOGGER } from './node/ports.ts';
import { StakeKeeper } from './node/stake-keeper.ts';
import { stakeSource } from './node/stakes.ts';
import { openStoreFolder, Store } from './node/store.ts';
import { claimStore } from './node/store-claim.ts';
import { StoreKeeper } from './node/store-keeper.ts';
import { pickVerifier } from './node/verification.ts';
import { SystemClock } from './util/clock.ts';
import { osRng } from './util/rng.ts';

export type {
  Change,
  ChangeBatch,
  ContactSummary,
  RemovedChange,
  ResetChange,
  RowOperation,
  StoredChange,
  ValueSummary,
} from './api/change.ts';
export type { EventName, EventOf } from './api/change-events.ts';
export type { ChangeEvent, ChangesOptions } from './api/change-reader.ts';
export {
  CHANGE_KINDS,
  type ChangeFilter,
  type ChangeGap,
  type ChangeHead,
  type ChangeKind,
  type ChangeOf,
  type ChangeValues,
  type DuplicateProof,
  type NodeChange,
  type NodeState,
  type SnapshotState,
  type SocketAddresses,
  type Via,
} from './api/changes.ts';
export type { Coverage } from './api/coverage.ts';
export type { Arrival, SpySummary } from './api/listing.ts';
export {
  LIVENESS,
  type Liveness,
  type LivenessEvidence,
  type LivenessVerdict,
} from './api/liveness.ts';
export type { NodeSelector } from './api/node-selector.ts';
export type { NodeInfo } from './api/nodes.ts';
export type { Selector } from './api/observer-api.ts';
export type { Spy } from './api/spy.ts';
export type { SpyOptions } from './api/spy-options.ts';
export type { SpyStats } from './api/stats.ts';
export type {
  Amount,
  Datagrams,
  KindTraffic,
  OriginTraffic,
  ReceivedName,
  RelayerTraffic,
  SentName,
  TrafficStats,
} from './api/traffic.ts';
export type { ValueJson } from './api/value-json.ts';
export {
  createIdentity,
  type Identity,
  type LoadedIdentity,
  readIdentityFile,
} from './crypto/identity.ts';
export type { VerifierName } from './crypto/verify.ts';
export type { KnownKeysOptions } from './crypto/verify-known.ts';
export type { OwnValues } from './node/own-values.ts';
export type { DatagramHandler, Logger, Tap } from './node/ports.ts';
export type { ReceiverName } from './node/runtime.ts';
export type { StakeReport } from './node/stake-keeper.ts';
export type { StakeMap } from './node/stake-list.ts';
export type { StoreReport } from './node/store-keeper.ts';
export type { ClockReport } from './node/timekeeper.ts';
export type { PeerClassName } from './shm/traffic-cells.ts';
export { SpyError } from './util/assert.ts';
export type { ContactInfoSocket, ContactInfoVersion } from './wire/contact-info-encode.ts';
export type {
  BitVec,
  ContactInfoData,
  DuplicateShredData,
  EpochSlotsData,
  EpochSlotsEntryData,
  ForkOffsets,
  Integer64,
  LowestSlotData,
  RestartHeaviestForkData,
  RestartLastVotedForkSlotsData,
  SnapshotHash,
  SnapshotHashesData,
  SocketData,
  TransactionData,
  ValueData,
  VersionData,
  VoteData,
} from './wire/decoded.ts';
export { KIND_NAMES, type KindName } from './wire/limits.ts';

/**
 * Joins a cluster.
 *
 * @throws SpyError with a code and a sentence on what to do: key file, name resolution, entrypoints that
 *   do not answer or disagree, a port in use, a file of stakes that is no good
 */
export async function createSpy(options: SpyOptions = {}): Promise<Spy> {
  const logger = options.logger ?? SILENT_LOGGER;
  if (options.http !== undefined) parseListenAddress(options.http); // before anybody is asked
  const identity = loadIdentity(options, logger);
  const verifier = pickVerifier(options.verifier ?? 'auto', options.knownKeys, logger);
  const xxhash = await loadXxhash();
  const ports = { clock: SystemClock, rng: osRng(), logger, verifier, xxhash };
  const stakes =
    options.stakes === undefined ? undefined : new StakeKeeper(stakeSource(options.stakes), ports);
  const firstStakes = stakes?.start();
  // A file is read before anybody is asked; an RPC node answers while we join.
  if (stakes?.source.isLocal) await firstStakes;
  const keeper = await openKeeper(options, logger);
  let facts: JoinFacts | undefined;
  let spy: Spy | undefined;
  try {
    facts = await prepareJoin(
      {
        entrypoints: options.entrypoints ?? [],
        shredVersion: options.shredVersion ?? 0,
        bindAddress: options.bindAddress,
        allowPrivate: options.allowPrivate ?? false,
        remembered: keeper?.before,
      },
      logger,
    );
    spy = new Spy(identity, facts, logger, stakes, keeper);
    await spy.open(options, ports);
    await firstStakes;
    return spy;
  } catch (error) {
    facts?.stopAsking();
    stakes?.stop();
    await spy?.stop();
    await keeper?.stop();
    throw error;
  }
}

/** Reads the store, where there is one. @throws SpyError STORE_NOT_A_FOLDER, STORE_IN_USE */
async function openKeeper(
  { store: path }: SpyOptions,
  logger: Logger,
): Promise<StoreKeeper | undefined> {
  if (path === undefined) return undefined;
  const store = new Store(await openStoreFolder(path));
  const claim = await claimStore(path, SystemClock);
  return new StoreKeeper(store, await store.load(), SystemClock, logger, claim);
}

function loadIdentity(options: SpyOptions, logger: Logger): Identity {
  if (options.identity) return options.identity;
  if (options.identityFile === undefined) return createIdentity();
  const identity = readIdentityFile(options.identityFile);
  if (identity.warning !== undefined) logger.warn({}, identity.warning);
  return identity;
}
