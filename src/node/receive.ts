import { Counter } from '../shm/counters.ts';
import { BATCH_SLOTS, LINE_I32, SLOT_BYTES } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { BatchRing, packetOf } from '../shm/slab.ts';
import type { Clock } from '../util/clock.ts';
import { PACKET_BYTES } from '../wire/limits.ts';
import { MessageBlock } from './message-block.ts';
import { Linux, type Syscalls } from './syscalls.ts';

/**
 * Between a partial read and a second one into the same batch: full batches are the largest single
 * saving there is (31 CPU seconds a million datagrams without it, 16 with). At 64 datagrams a batch it
 * bounds the wait of a lone datagram too. @source architecture 0
 */
const GATHER_US = 3_000;

/** While listening is behind a batch may be gathered so many times as long: it would only wait in the ring. */
const MOST_GATHERINGS = 16;

/** The ring is full: the kernel's buffer is the next stage, and its drops are counted. */
const FULL_SLEEP_US = 500;

/** What the receive loop works on. */
export interface ReceiveParts {
  readonly system: Syscalls;
  readonly descriptor: number;
  readonly regions: Regions;
  /** Number of this thread: its heartbeat. */
  readonly thread: number;
  /** This thread's block. */
  readonly counters: Float64Array;
  readonly clock: Clock;
  /** Called when whoever listens asked to be told of a new batch. */
  readonly wake: () => void;
}

/**
 * Reads datagrams into the ring until the ring says stop; decides and parses nothing. The descriptor
 * has a receive timeout, since a thread inside a system call can neither be ended nor exited around.
 */
export function receiveUntilStopped(parts: ReceiveParts): void {
  const { system, descriptor, regions } = parts;
  const ring = new BatchRing(regions.ring);
  const block = new MessageBlock(system, BATCH_SLOTS);
  const bytesAt = system.address(regions.ring.bytes);
  const { heartbeats } = regions.control;
  while (!ring.stopped) {
    Atomics.add(heartbeats, parts.thread * LINE_I32, 1);
    const batch = ring.open();
    if (batch < 0) {
      system.usleep(FULL_SLEEP_US);
      continue;
    }
    for (let slot = 0; slot < BATCH_SLOTS; slot++) {
      block.setBytes(slot, bytesAt + packetOf(batch, slot) * SLOT_BYTES, SLOT_BYTES);
    }
    let count = system.recvmmsg(
      descriptor,
      block.headerAt(0),
      BATCH_SLOTS,
      Linux.MSG_WAITFORONE,
      0,
    );
    if (count <= 0) continue;
    for (let times = 0; count < BATCH_SLOTS && times < MOST_GATHERINGS; times++) {
      if (times > 0 && !ring.isBehind) break;
      system.usleep(GATHER_US);
      const left = BATCH_SLOTS - count;
      const more = system.recvmmsg(descriptor, block.headerAt(count), left, Linux.MSG_DONTWAIT, 0);
      if (more > 0) count += more;
    }
    describeBatch(parts, block, batch, count);
    if (ring.close(batch, count)) parts.wake();
  }
}

/** Copies lengths and sources from where the kernel wrote them to the columns of the ring. */
function describeBatch(
  parts: ReceiveParts,
  block: MessageBlock,
  batch: number,
  count: number,
): void {
  const { ring } = parts.regions;
  const { counters } = parts;
  const arrivalMs = parts.clock.monoMs();
  for (let slot = 0; slot < count; slot++) {
    const packet = packetOf(batch, slot);
    const isCut = (block.flags(slot) & Linux.MSG_TRUNC) !== 0;
    // A datagram that was cut is marked as one byte too long, which is what it is refused for.
    const length = isCut ? PACKET_BYTES + 1 : block.length(slot);
    ring.length[packet] = length;
    ring.ip[packet] = block.ip(slot);
    ring.port[packet] = block.port(slot);
    ring.arrival[packet] = arrivalMs;
    counters[Counter.BYTES_RECEIVED]! += length;
  }
  counters[Counter.DATAGRAMS_RECEIVED]! += count;
}
