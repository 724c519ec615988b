import { SpyError } from '../../util/assert.ts';
import type { ByteReader } from './byte-reader.ts';
import { type Frame, MAX_FRAME_BYTES, u16, u32 } from './frame.ts';

const SECTION_HEADER = 0x0a0d0d0a; // the same in both byte orders
const INTERFACE_DESCRIPTION = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;

/** Type, length, and the length again at the end. */
const FRAME_OF_BLOCK_BYTES = 12;
/** A block that we read whole carries one frame and its options, whose comments may be long. */
const MAX_BLOCK_BYTES = MAX_FRAME_BYTES + 1_048_576;

interface Interface {
  readonly linkType: number;
  readonly snapBytes: number;
  readonly unitsPerMs: number;
  readonly offsetMs: number;
}

interface Section {
  bigEndian: boolean;
  interfaces: Interface[];
}

/** Whether a file that starts with these bytes is a pcapng capture. */
export function isPcapng(head: Uint8Array): boolean {
  return head.length >= 4 && u32(head, 0, true) === SECTION_HEADER;
}

/**
 * The frames of a pcapng file: any number of sections in either byte order, each with its interfaces;
 * blocks that hold no packet are passed over without being held.
 * @errors CAPTURE_TRUNCATED, CAPTURE_DAMAGED; every frame before the fault has been yielded
 */
export async function* readPcapng(reader: ByteReader): AsyncGenerator<Frame, void, void> {
  const section: Section = { bigEndian: false, interfaces: [] };
  if (!(await reader.fill(4)) || !isPcapng(reader.peek(4))) {
    throw new SpyError(
      'NOT_A_CAPTURE',
      'This is no pcapng file: it does not start with a section header. Leave out --format to have the format detected.',
    );
  }
  for (let number = 1; ; number++) {
    const start = reader.position;
    if (!reader.has(8) && !(await reader.fill(8))) {
      if (reader.ready === 0) return;
      throw cutOff(number, start);
    }
    const isSection = isPcapng(reader.peek(4));
    if (isSection) await openSection(reader, section, number);
    const head = reader.peek(8);
    const type = u32(head, 0, section.bigEndian);
    const size = u32(head, 4, section.bigEndian);
    if (size < FRAME_OF_BLOCK_BYTES || size % 4 !== 0) throw damaged(number, start);
    if (isSection || !isRead(type)) {
      if (!(await reader.skip(size))) throw cutOff(number, start);
      continue;
    }
    if (size > MAX_BLOCK_BYTES) throw damaged(number, start);
    if (!reader.has(size) && !(await reader.fill(size))) throw cutOff(number, start);
    const block = reader.take(size);
    if (u32(block, size - 4, section.bigEndian) !== size) throw damaged(number, start);
    const body = block.subarray(8, size - 4);
    if (type === INTERFACE_DESCRIPTION) {
      const described = readInterface(body, section.bigEndian);
      if (!described) throw damaged(number, start);
      section.interfaces.push(described);
      continue;
    }
    const frame = readFrame(type, body, section);
    if (!frame) throw damaged(number, start);
    yield frame;
  }
}

function isRead(type: number): boolean {
  return (
    type === ENHANCED_PACKET ||
    type === SIMPLE_PACKET ||
    type === OLD_PACKET ||
    type === INTERFACE_DESCRIPTION
  );
}

/** A section header sets the byte order of what follows and forgets the interfaces before it. */
async function openSection(reader: ByteReader, section: Section, number: number): Promise<void> {
  const start = reader.position;
  if (!(await reader.fill(12))) throw cutOff(number, start);
  const order = u32(reader.peek(12), 8, true);
  if (order !== 0x1a2b3c4d && order !== 0x4d3c2b1a) throw damaged(number, start);
  section.bigEndian = order === 0x1a2b3c4d;
  section.interfaces = [];
}

/** @returns undefined when the block is too short to be one */
function readInterface(body: Uint8Array, bigEndian: boolean): Interface | undefined {
  if (body.length < 8) return undefined;
  let unitsPerMs = 1e3;
  let offsetMs = 0;
  for (let at = 8; at + 4 <= body.length; ) {
    const code = u16(body, at, bigEndian);
    const size = u16(body, at + 2, bigEndian);
    const value = body.subarray(at + 4, at + 4 + size);
    if (code === 0) break;
    if (code === OPTION_TIME_RESOLUTION && value.length === 1) {
      const exponent = value[0]! & 0x7f;
      unitsPerMs = (value[0]! & 0x80 ? 2 ** exponent : 10 ** exponent) / 1000;
    }
    if (code === OPTION_TIME_OFFSET && value.length === 8) {
      const seconds = new DataView(value.buffer, value.byteOffset, 8).getBigInt64(0, !bigEndian);
      offsetMs = Number(seconds) * 1000;
    }
    at += 4 + size + ((4 - (size % 4)) % 4);
  }
  return {
    linkType: u16(body, 0, bigEndian),
    snapBytes: u32(body, 4, bigEndian),
    unitsPerMs,
    offsetMs,
  };
}

/** @returns undefined when the block contradicts itself or names an interface that was not described */
function readFrame(type: number, body: Uint8Array, section: Section): Frame | undefined {
  const { bigEndian } = section;
  if (type === SIMPLE_PACKET) {
    const described = section.interfaces[0];
    if (!described || body.length < 4) return undefined;
    const wireBytes = u32(body, 0, bigEndian);
    // It does not say how much was captured: as much as the interface allowed and the block holds.
    const snapped =
      described.snapBytes === 0 ? wireBytes : Math.min(wireBytes, described.snapBytes);
    const bytes = body.subarray(4, 4 + snapped);
    return { linkType: described.linkType, timeMs: undefined, bytes, wireBytes };
  }
  if (body.length < 20) return undefined;
  const index = type === OLD_PACKET ? u16(body, 0, bigEndian) : u32(body, 0, bigEndian);
  const described = section.interfaces[index];
  const size = u32(body, 12, bigEndian);
  if (!described || size > body.length - 20) return undefined;
  const units = u32(body, 4, bigEndian) * 4294967296 + u32(body, 8, bigEndian);
  return {
    linkType: described.linkType,
    timeMs: units / described.unitsPerMs + described.offsetMs,
    bytes: body.subarray(20, 20 + size),
    wireBytes: u32(body, 16, bigEndian),
  };
}

function cutOff(number: number, start: number): SpyError {
  return new SpyError(
    'CAPTURE_TRUNCATED',
    `The capture ends in the middle of block ${number} (byte ${start}): it was cut off, or is still being written.`,
  );
}

function damaged(number: number, start: number): SpyError {
  return new SpyError(
    'CAPTURE_DAMAGED',
    `Block ${number} of the capture (byte ${start}) contradicts itself: the file is damaged from there on.`,
  );
}
