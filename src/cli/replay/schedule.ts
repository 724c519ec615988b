import { SpyError } from '../../util/assert.ts';
import { type CaptureCounts, readCapture } from '../capture/read-capture.ts';

/** Datagrams a second where neither the capture nor the operator says when. */
export const DEFAULT_RATE = 1_000;

/** The datagrams of a capture, and when each is due. */
export interface Schedule {
  readonly payloads: Uint8Array[];
  /** When each was captured, ms since the Unix epoch; NaN where the input does not say. */
  readonly capturedMs: Float64Array;
  /** When each is to be sent, ms after the start; never falls. */
  readonly dueMs: Float64Array;
}

/** What is taken of a capture, and how fast it goes. */
export interface ScheduleOptions {
  /** Keep only datagrams that went to one of these ports. */
  readonly ports?: readonly number[] | undefined;
  /** Take no more than so many. */
  readonly packets?: number | undefined;
  /** Datagrams a second, one as far from the next as any other. */
  readonly rate?: number | undefined;
  /** Times as fast as they were captured. */
  readonly speed?: number | undefined;
}

/**
 * Reads a capture into memory and says when each datagram is due. Those of which the capture holds a
 * part only are left out.
 *
 * @errors those of `readCapture`; NO_TIMES when the speed is asked of an input without times
 */
export async function readSchedule(
  input: AsyncIterable<Uint8Array> | Uint8Array,
  options: ScheduleOptions,
  counts: CaptureCounts,
): Promise<Schedule> {
  const { ports = [], packets: most = Number.POSITIVE_INFINITY } = options;
  const payloads: Uint8Array[] = [];
  const times: number[] = [];
  for await (const packet of readCapture(input, { counts })) {
    const { payload, payloadBytes, destinationPort, timeMs } = packet;
    if (payload.length < payloadBytes || payload.length === 0) continue;
    if (ports.length > 0 && destinationPort !== undefined && !ports.includes(destinationPort)) {
      counts.otherPort++;
      continue;
    }
    payloads.push(payload);
    times.push(timeMs ?? Number.NaN);
    if (payloads.length >= most) break;
  }
  const capturedMs = Float64Array.from(times);
  return { payloads, capturedMs, dueMs: dueTimes(capturedMs, options) };
}

function dueTimes(capturedMs: Float64Array, options: ScheduleOptions): Float64Array {
  const hasTimes = !capturedMs.some(Number.isNaN);
  if (options.speed !== undefined && !hasTimes) {
    throw new SpyError(
      'NO_TIMES',
      'The input does not say when its packets were captured, so there is no speed to keep. Give --rate instead.',
    );
  }
  const rate = options.rate ?? (hasTimes ? undefined : DEFAULT_RATE);
  if (rate !== undefined) return capturedMs.map((_, i) => (i * 1000) / rate);
  const { speed = 1 } = options;
  const firstMs = capturedMs[0] ?? 0;
  let latest = 0;
  return capturedMs.map((ms) => {
    // Captures of several interfaces are not always in order; nothing is sent before what came before.
    latest = Math.max(latest, (ms - firstMs) / speed);
    return latest;
  });
}

/** How many are due; for `sendPaced`, which asks with times that never fall. */
export function dueCounter(dueMs: Float64Array): (elapsedMs: number) => number {
  let count = 0;
  return (elapsedMs) => {
    while (count < dueMs.length && dueMs[count]! <= elapsedMs) count++;
    return count;
  };
}
