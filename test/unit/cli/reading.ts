import {
  type CapturedPacket,
  type CaptureOptions,
  createCaptureCounts,
  readCapture,
} from '../../../src/cli/capture/read-capture.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { concat, ethernet, ipv4, le32, udp } from './frames.ts';

/** What the frames of these tests carry: as long as a ping, and easily told from zeros. */
export const PING = concat(le32(4), new Uint8Array(128).fill(7));

/** PING in UDP in IPv4 in Ethernet. */
export const FRAME = ethernet(ipv4(udp(PING)));

/** All that came of reading an input. */
export interface Reading {
  packets: CapturedPacket[];
  counts: ReturnType<typeof createCaptureCounts>;
  error: SpyError | undefined;
}

/** Reads an input to its end or to an error of the operator's. */
export async function read(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  options: CaptureOptions = {},
): Promise<Reading> {
  const counts = createCaptureCounts();
  const packets: CapturedPacket[] = [];
  try {
    for await (const packet of readCapture(input, { ...options, counts })) packets.push(packet);
    return { packets, counts, error: undefined };
  } catch (error) {
    if (!(error instanceof SpyError)) throw error;
    return { packets, counts, error };
  }
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
