import type { Verifier } from '../../crypto/verifier.ts';
import type { Clock } from '../../util/clock.ts';
import { decodePacket } from '../../wire/decode.ts';
import { Resigner } from './resigner.ts';
import type { Schedule } from './schedule.ts';

/** Packets signed anew between two looks at what else is to be done. */
const TURN_PACKETS = 128;

/** Packets from which the time for all is worked out. */
const SAMPLE_PACKETS = 256;

/** What is left between the last signature and the first datagram. */
const MARGIN_MS = 300;

/** Datagrams that are ready to go. */
export interface Prepared {
  readonly payloads: readonly Uint8Array[];
  /** Wall clock of the start that all clocks were moved for. */
  readonly startMs: number;
  /** Datagrams signed anew; the others go as they are. */
  readonly signed: number;
}

/**
 * Signs the datagrams of a schedule anew, so that each value is as old when it arrives as it was when it
 * was captured. Signing takes its time, so the start is put behind it by an estimate.
 *
 * @param turn called now and then with the number of datagrams looked at; true ends the work
 */
export async function prepare(
  schedule: Schedule,
  resigner: Resigner,
  clock: Clock,
  turn: (done: number) => boolean,
): Promise<Prepared> {
  const { payloads } = schedule;
  const startMs = clock.wallMs() + estimateMs(schedule, clock, resigner.verifier) + MARGIN_MS;
  const shift = shifts(schedule, startMs);
  const ready: Uint8Array[] = [];
  let signed = 0;
  for (const [i, payload] of payloads.entries()) {
    const anew = resigner.packet(payload, shift(i));
    if (anew) signed++;
    ready.push(anew ?? payload);
    if (i % TURN_PACKETS !== 0) continue;
    if (turn(i)) break;
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
  return { payloads: ready, startMs, signed };
}

/** By how much the clocks in a datagram move. */
function shifts(schedule: Schedule, startMs: number): (i: number) => number {
  const { payloads, capturedMs, dueMs } = schedule;
  if (!capturedMs.some(Number.isNaN)) return (i) => startMs + dueMs[i]! - capturedMs[i]!;
  // Without times of capture the newest value is made to be of now.
  let newest = 0;
  for (const payload of payloads) newest = Math.max(newest, newestWallclock(payload, startMs));
  const shiftMs = newest === 0 ? 0 : startMs - newest;
  return (i) => shiftMs + dueMs[i]!;
}

/** The newest clock in a packet; those of another century are somebody's trick. */
function newestWallclock(payload: Uint8Array, nowMs: number): number {
  const { message } = decodePacket(payload);
  if (message === null || !('values' in message)) return 0;
  const clocks = message.values.map(({ wallclock }) => Number(wallclock));
  return Math.max(0, ...clocks.filter((ms) => ms < nowMs + MAX_AHEAD_MS));
}

/** A year. */
const MAX_AHEAD_MS = 365 * 86_400_000;

/** The second half of a sample: the first is spent on warming up. */
function estimateMs(schedule: Schedule, clock: Clock, verifier: Verifier): number {
  const { payloads } = schedule;
  const trial = new Resigner(verifier);
  const half = Math.min(SAMPLE_PACKETS, payloads.length >> 1);
  for (let i = 0; i < half; i++) trial.packet(payloads[i]!, 0);
  const startedMs = clock.monoMs();
  for (let i = half; i < 2 * half; i++) trial.packet(payloads[i]!, 0);
  const eachMs = (clock.monoMs() - startedMs) / Math.max(1, half);
  return Math.ceil(1.2 * eachMs * payloads.length);
}
