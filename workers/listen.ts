import { parentPort, threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { TableView } from '../src/crds/view.ts';
import { loadXxhash } from '../src/crypto/hash.ts';
import { attachVerifier, type KnownKeysShare, type VerifierName } from '../src/crypto/verify.ts';
import { ProvedAddresses } from '../src/gossip/proved-addresses.ts';
import { Counter, counterBlock } from '../src/shm/counters.ts';
import { LINE_I32 } from '../src/shm/layout.ts';
import { attachRegions, type RegionHandles } from '../src/shm/regions.ts';
import { BatchRing } from '../src/shm/slab.ts';
import { VerifiedSet } from '../src/shm/verified.ts';
import { createGate } from '../src/tasks/gate.ts';
import { ListenTask } from '../src/tasks/listen.ts';
import { Shedder } from '../src/tasks/shed.ts';
import { listenSlice } from '../src/tasks/slice.ts';
import { SystemClock } from '../src/util/clock.ts';

const {
  handles,
  verifier: name,
  knownKeys,
} = workerData as {
  handles: RegionHandles;
  verifier: VerifierName;
  knownKeys?: KnownKeysShare;
};
const regions = attachRegions(handles);
const ring = new BatchRing(regions.ring);
const shedder = new Shedder(regions, ring, new ProvedAddresses(regions.addresses), SystemClock);
const gate = createGate(new TableView(regions, await loadXxhash()), regions.control);
const verified = new VerifiedSet(regions.verified);
const source = knownKeys && { ...knownKeys, owner: threadId };
/** Made for the first slice: the thread of the seat loads this file, too, and never listens. */
let attached: ReturnType<typeof attachVerifier> | undefined;
const tasks = new Map<number, ListenTask>();

/** One slice; its number is given by main. */
export default ({ thread }: { thread: number }): number => {
  regions.control.threadIds[thread] = threadId;
  let task = tasks.get(thread);
  if (!task) {
    const counters = counterBlock(regions.counters, thread);
    attached ??= attachVerifier(name, source);
    const { verifier, lacksTables } = attached;
    const beat = (): void => {
      Atomics.add(regions.control.heartbeats, thread * LINE_I32, 1);
    };
    task = new ListenTask({ regions, counters, verified, verifier, gate, shedder, beat });
    tasks.set(thread, task);
    if (lacksTables) counters[Counter.THREADS_WITHOUT_TABLES]! += 1;
  }
  const wake = (): void => parentPort?.postMessage(0);
  return listenSlice({ regions, ring, task, clock: SystemClock, thread, wake });
};
