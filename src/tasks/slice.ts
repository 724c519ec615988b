import { Control } from '../shm/control-words.ts';
import { LINE_I32 } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import type { BatchRing } from '../shm/slab.ts';
import type { Clock } from '../util/clock.ts';
import type { ListenTask } from './listen.ts';

/**
 * How long a slice lasts. A task a batch would cost main 30 µs each, 2,300 times a second; a slice
 * costs it that 20 times a second, and whoever hangs is noticed. @source architecture 0
 */
const SLICE_MS = 50;

/** What a slice works with. */
export interface SliceParts {
  readonly regions: Regions;
  readonly ring: BatchRing;
  readonly task: ListenTask;
  readonly clock: Clock;
  /** Number of the slice: its block of counters, its heartbeat, its mark on batches. */
  readonly thread: number;
  /** Tells main that a batch is worked off, when it wished to be told. */
  readonly wake: () => void;
}

/**
 * Works off whatever comes into the ring for a while.
 *
 * @owner a thread of its own: it sleeps while there is nothing to do
 * @returns batches worked off
 */
export function listenSlice(parts: SliceParts): number {
  const { ring, task, clock, thread } = parts;
  const { heartbeats } = parts.regions.control;
  const endMs = clock.monoMs() + SLICE_MS;
  let batches = 0;
  while (!ring.stopped) {
    const leftMs = endMs - clock.monoMs();
    if (leftMs <= 0) break;
    Atomics.add(heartbeats, thread * LINE_I32, 1);
    const batch = ring.claim(thread);
    if (batch < 0) {
      if (!task.spare()) ring.waitForBatch(leftMs);
      continue;
    }
    task.run(batch);
    batches++;
    if (ring.finish(batch)) parts.wake();
  }
  task.finish();
  return batches;
}

/** Tells every thread how many entries the stake map has. @owner main */
export function publishStakedCount(regions: Regions, count: number): void {
  Atomics.store(regions.control.words, Control.STAKED_COUNT * LINE_I32, count);
}
