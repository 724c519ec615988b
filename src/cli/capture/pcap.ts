import { SpyError } from '../../util/assert.ts';
import type { ByteReader } from './byte-reader.ts';
import { type Frame, MAX_FRAME_BYTES, u32 } from './frame.ts';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** First four bytes, read big-endian, and what they say of byte order and fractions of a second. */
const MAGICS = new Map([
  [0xa1b2c3d4, { bigEndian: true, unitsPerMs: 1e3 }],
  [0xd4c3b2a1, { bigEndian: false, unitsPerMs: 1e3 }],
  [0xa1b23c4d, { bigEndian: true, unitsPerMs: 1e6 }],
  [0x4d3cb2a1, { bigEndian: false, unitsPerMs: 1e6 }],
]);

/** Whether a file that starts with these bytes is a pcap capture. */
export function isPcap(head: Uint8Array): boolean {
  return head.length >= 4 && MAGICS.has(u32(head, 0, true));
}

/**
 * The frames of a pcap file, in either byte order, with microseconds or nanoseconds.
 * @errors CAPTURE_TRUNCATED, CAPTURE_DAMAGED; every frame before the fault has been yielded
 */
export async function* readPcap(reader: ByteReader): AsyncGenerator<Frame, void, void> {
  if (!(await reader.fill(FILE_HEADER_BYTES))) {
    throw new SpyError('CAPTURE_TRUNCATED', 'The pcap file ends inside its own header.');
  }
  const header = reader.take(FILE_HEADER_BYTES);
  const form = MAGICS.get(u32(header, 0, true));
  if (!form) {
    throw new SpyError(
      'NOT_A_CAPTURE',
      'This is no pcap file: it does not start with one of its four signatures. Leave out --format to have the format detected.',
    );
  }
  const { bigEndian, unitsPerMs } = form;
  // The upper half of the field carries the length of a frame check sequence.
  const linkType = u32(header, 20, bigEndian) & 0xffff;

  for (let number = 1; ; number++) {
    const start = reader.position;
    if (!reader.has(RECORD_HEADER_BYTES) && !(await reader.fill(RECORD_HEADER_BYTES))) {
      if (reader.ready === 0) return;
      throw cutOff(number, start);
    }
    const record = reader.take(RECORD_HEADER_BYTES);
    const size = u32(record, 8, bigEndian);
    if (size > MAX_FRAME_BYTES) {
      throw new SpyError(
        'CAPTURE_DAMAGED',
        `Frame ${number} claims to be ${size} bytes long (byte ${start} of the capture): the file is damaged from there on.`,
      );
    }
    if (!reader.has(size) && !(await reader.fill(size))) throw cutOff(number, start);
    yield {
      linkType,
      timeMs: u32(record, 0, bigEndian) * 1000 + u32(record, 4, bigEndian) / unitsPerMs,
      bytes: reader.take(size),
      wireBytes: u32(record, 12, bigEndian),
    };
  }
}

function cutOff(number: number, start: number): SpyError {
  return new SpyError(
    'CAPTURE_TRUNCATED',
    `The capture ends in the middle of frame ${number} (byte ${start}): it was cut off, or is still being written.`,
  );
}
