import { SpyError } from '../../util/assert.ts';
import { ByteReader } from './byte-reader.ts';
import { detectFormat, type Format, HEAD_BYTES } from './detect.ts';
import type { Frame } from './frame.ts';
import { gunzip, isGzip } from './input.ts';
import { readDatagram, type Skip } from './link.ts';
import { readPcap } from './pcap.ts';
import { readPcapng } from './pcapng.ts';
import { readBase64Lines, readHexLines, type TextPacket } from './text.ts';

/** One UDP payload of an input, with what the input says of its way. */
export interface CapturedPacket {
  /** Frame number in a capture (as Wireshark counts them), else the position in the input; from 1. */
  readonly number: number;
  /** When it was captured: ms since the Unix epoch with fractions. */
  readonly timeMs?: number;
  /** Address and port, IPv6 in brackets. */
  readonly source?: string;
  readonly destination?: string;
  readonly sourceIp?: string;
  readonly sourcePort?: number;
  readonly destinationIp?: string;
  readonly destinationPort?: number;
  /** The UDP payload, or what was captured of it; stays valid. */
  readonly payload: Uint8Array;
  /** Length of the payload on the wire: more than `payload` holds when the capture cut it off. */
  readonly payloadBytes: number;
}

/** What became of the frames of a capture; filled while it is read. */
export interface CaptureCounts {
  /** Frames, lines or datagrams met. */
  frames: number;
  /** Frames that are no UDP over IPv4 or IPv6. */
  notUdp: number;
  /** UDP that was sent in fragments. */
  fragment: number;
  /** Frames whose headers contradict themselves or were cut off. */
  malformed: number;
  /** Frames of a link type that is not read. */
  otherLink: number;
  /** Datagrams to and from other ports than those asked for. */
  otherPort: number;
  /** Datagrams of which the capture holds a part only. */
  cut: number;
  /** The format that was read, once it is known. */
  format?: Format;
  /** Number of a link type that is not read. */
  linkType?: number;
}

/** Counts to give to `readCapture`. */
export function createCaptureCounts(): CaptureCounts {
  return {
    frames: 0,
    notUdp: 0,
    fragment: 0,
    malformed: 0,
    otherLink: 0,
    otherPort: 0,
    cut: 0,
  };
}

/** What `readCapture` is to do. */
export interface CaptureOptions {
  /** Do not detect the format. */
  format?: Format | undefined;
  /** Keep only datagrams of a capture that come from or go to one of these ports; empty for all. */
  ports?: readonly number[] | undefined;
  /** Counts to fill. */
  counts?: CaptureCounts | undefined;
}

/** The largest UDP payload there is; more than that is no datagram. */
const MAX_DATAGRAM_BYTES = 65_527;

/**
 * The UDP payloads of an input in any of the formats, plain or compressed with gzip, in order. Captures are
 * read in chunks: a file may be larger than the memory.
 *
 * @param input bytes of a whole file, or chunks of one as a stream gives them
 * @errors SpyError NOT_A_CAPTURE, INPUT_EMPTY, BAD_LINE, CAPTURE_TRUNCATED, CAPTURE_DAMAGED, GZIP_DAMAGED, after
 * every packet before the fault has been yielded
 */
export async function* readCapture(
  input: AsyncIterable<Uint8Array> | Uint8Array,
  options: CaptureOptions = {},
): AsyncGenerator<CapturedPacket, void, void> {
  const counts = options.counts ?? createCaptureCounts();
  let reader = new ByteReader(input instanceof Uint8Array ? once(input) : input);
  try {
    await reader.fill(2);
    if (isGzip(reader.peek(2))) reader = new ByteReader(gunzip(reader));
    const format = options.format ?? (await detect(reader));
    counts.format = format;
    switch (format) {
      case 'pcap':
        yield* unpack(readPcap(reader), options.ports ?? [], counts);
        break;
      case 'pcapng':
        yield* unpack(readPcapng(reader), options.ports ?? [], counts);
        break;
      case 'hex':
        yield* number(readHexLines(reader), counts);
        break;
      case 'base64':
        yield* number(readBase64Lines(reader), counts);
        break;
      case 'raw':
        yield* number(readRaw(reader), counts);
        break;
    }
    if (counts.frames === 0 && !isCapture(format)) {
      throw new SpyError('INPUT_EMPTY', 'The input holds no packet: it is empty.');
    }
  } finally {
    await reader.close();
  }
}

/** Whether a format records frames of a network rather than bare packets. */
export function isCapture(format: Format): boolean {
  return format === 'pcap' || format === 'pcapng';
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

/** A pipe may pause: as soon as the format shows, no more is waited for. */
async function detect(reader: ByteReader): Promise<Format> {
  for (let wanted = 4; wanted < HEAD_BYTES; wanted = reader.ready + 1) {
    if (!(await reader.fill(wanted))) return detectFormat(reader.peek(reader.ready), true);
    const format = tryDetect(reader.peek(Math.min(reader.ready, HEAD_BYTES)));
    if (format) return format;
  }
  return detectFormat(reader.peek(HEAD_BYTES), false);
}

/** @returns undefined while neither a signature of a capture nor a whole line of text is there */
function tryDetect(head: Uint8Array): Format | undefined {
  try {
    const format = detectFormat(head, false);
    return isCapture(format) || head.includes(10) ? format : undefined;
  } catch {
    return undefined; // undecided or hopeless; with all bytes there the error is the final one
  }
}

async function* readRaw(reader: ByteReader): AsyncGenerator<TextPacket, void, void> {
  if (await reader.fill(MAX_DATAGRAM_BYTES + 1)) {
    throw new SpyError(
      'NOT_A_CAPTURE',
      `The input is longer than any datagram (${MAX_DATAGRAM_BYTES} bytes), so it cannot be one raw packet.`,
    );
  }
  if (reader.ready > 0) yield { line: 1, bytes: reader.take(reader.ready) };
}

async function* number(
  packets: AsyncIterable<TextPacket>,
  counts: CaptureCounts,
): AsyncGenerator<CapturedPacket, void, void> {
  for await (const { bytes } of packets) {
    counts.frames++;
    yield { number: counts.frames, payload: bytes, payloadBytes: bytes.length };
  }
}

async function* unpack(
  frames: AsyncIterable<Frame>,
  ports: readonly number[],
  counts: CaptureCounts,
): AsyncGenerator<CapturedPacket, void, void> {
  for await (const frame of frames) {
    counts.frames++;
    const datagram = readDatagram(frame.linkType, frame.bytes);
    if (typeof datagram === 'string') {
      skip(datagram, frame, counts);
      continue;
    }
    const { sourceIp, sourcePort, destinationIp, destinationPort, payload, payloadBytes } =
      datagram;
    if (ports.length > 0 && !ports.includes(sourcePort) && !ports.includes(destinationPort)) {
      counts.otherPort++;
      continue;
    }
    if (payload.length < payloadBytes) counts.cut++;
    yield {
      number: counts.frames,
      ...(frame.timeMs === undefined ? {} : { timeMs: frame.timeMs }),
      source: endpoint(sourceIp, sourcePort),
      destination: endpoint(destinationIp, destinationPort),
      sourceIp,
      sourcePort,
      destinationIp,
      destinationPort,
      payload,
      payloadBytes,
    };
  }
}

function skip(reason: Skip, frame: Frame, counts: CaptureCounts): void {
  counts[reason]++;
  if (reason === 'otherLink') counts.linkType = frame.linkType;
}

function endpoint(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
