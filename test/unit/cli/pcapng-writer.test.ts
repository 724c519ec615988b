import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  type CaptureEnd,
  CaptureFile,
  type CaptureLimits,
} from '../../../src/cli/capture/capture-file.ts';
import { CaptureTap } from '../../../src/cli/capture/capture-tap.ts';
import { u16, u32 } from '../../../src/cli/capture/frame.ts';
import { packetBlockBytes } from '../../../src/cli/capture/pcapng-writer.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { parseIp } from '../../../src/util/ipv4.ts';
import { read } from './reading.ts';

const NOTES = {
  application: 'Earshot test',
  comment: 'Gossip of nowhere, heard by nobody',
  interfaceName: 'gossip',
  interfaceDescription: 'a test',
};
const HERE = parseIp('10.1.2.3');
const THERE = parseIp('198.51.100.7');

/** Keeps what is written; fails or dawdles when told to. */
class Paper extends Writable {
  readonly chunks: Buffer[] = [];
  fail: NodeJS.ErrnoException | undefined;
  held: (() => void) | undefined;
  holds = false;

  override _write(chunk: Buffer, _: string, done: (error?: Error) => void): void {
    this.chunks.push(chunk);
    if (this.holds) this.held = done;
    else done(this.fail);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

interface Capturing {
  clock: ManualClock;
  paper: Paper;
  file: CaptureFile;
  tap: CaptureTap;
  ends: CaptureEnd[];
}

function start(limits: CaptureLimits = {}, withSent = false): Capturing {
  const clock = new ManualClock(1_787_000_000_123);
  const paper = new Paper();
  const ends: CaptureEnd[] = [];
  const file = new CaptureFile(paper, 'a.pcapng', limits, (end) => ends.push(end));
  return { clock, paper, file, tap: new CaptureTap(file, withSent, clock), ends };
}

const datagram = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);

describe('a capture that was written', () => {
  const lengths = [0, 1, 2, 3, 4, 131, 132, 1231, 1232, 9000, 65_507];

  it('is read again as it was', async () => {
    const { clock, paper, tap } = start();
    tap.begin(HERE, 8001, NOTES);
    for (const length of lengths) {
      clock.advance(1.25);
      const padded = Uint8Array.of(9, 9, ...datagram(length), 9);
      tap.received(padded, 2, length, THERE, 8002);
      tap.sent(padded, 2, length, THERE, 8002);
    }
    await tap.end(0);
    const { packets, counts, error } = await read(paper.bytes);
    expect(error).toBeUndefined();
    expect(counts.frames).toBe(lengths.length);
    expect(counts.cut).toBe(0);
    for (const [i, length] of lengths.entries()) {
      const { payload, payloadBytes, source, destination, timeMs } = packets[i]!;
      expect(Buffer.compare(payload, datagram(length)), `${length} bytes`).toBe(0);
      expect(payloadBytes, `${length} bytes`).toBe(length);
      expect(source).toBe('198.51.100.7:8002');
      expect(destination).toBe('10.1.2.3:8001');
      expect(timeMs, `${length} bytes`).toBeCloseTo(1_787_000_000_123 + 1.25 * (i + 1), 2);
    }
  });

  it('has what was sent, the other way round, where that is wanted', async () => {
    const { paper, tap } = start({}, true);
    tap.begin(HERE, 8001, NOTES);
    tap.received(datagram(5), 0, 5, THERE, 8002);
    tap.sent(datagram(6), 0, 6, THERE, 8002);
    await tap.end(0);
    const { packets } = await read(paper.bytes);
    expect(packets.map(({ source, destination }) => `${source} ${destination}`)).toEqual([
      '198.51.100.7:8002 10.1.2.3:8001',
      '10.1.2.3:8001 198.51.100.7:8002',
    ]);
    const flags = blocks(paper.bytes)
      .filter(({ type }) => type === 6)
      .map(({ body }) => u32(body, body.length - 8, false));
    expect(flags).toEqual([1, 2]);
  });

  it('keeps what came in before the head could be written', async () => {
    const { paper, tap } = start();
    const bytes = datagram(20);
    tap.received(bytes, 0, 20, THERE, 8002);
    bytes.fill(0); // the socket uses its buffer again
    tap.begin(HERE, 8001, NOTES);
    await tap.end(0);
    const { packets } = await read(paper.bytes);
    expect(packets.map(({ payload }) => [...payload])).toEqual([[...datagram(20)]]);
    expect(packets[0]?.destination).toBe('10.1.2.3:8001');
  });

  it('says in its frame how much was cut off', async () => {
    const { paper, file } = start();
    file.begin(NOTES);
    const way = { sourceIp: THERE, sourcePort: 1, destinationIp: HERE, destinationPort: 2 };
    file.add({ timeMs: 1e12, isSent: false, ...way }, datagram(1232), 0, 1232, 1300);
    await file.close({ startMs: 0, endMs: 0, received: 1, kernelDropped: 0 });
    const { packets, counts } = await read(paper.bytes);
    expect(counts.cut).toBe(1);
    expect(packets[0]?.payloadBytes).toBe(1300);
    expect(packets[0]?.payload.length).toBe(1232);
  });
});

interface Block {
  type: number;
  body: Uint8Array;
}

/** Blocks as they lie in the file; each says its length at both ends. */
function blocks(bytes: Uint8Array): Block[] {
  const found: Block[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = u32(bytes, at + 4, false);
    expect(size % 4, `block at ${at}`).toBe(0);
    expect(u32(bytes, at + size - 4, false), `block at ${at}`).toBe(size);
    found.push({ type: u32(bytes, at, false), body: bytes.subarray(at + 8, at + size - 4) });
    at += size;
  }
  return found;
}

/** Options behind the fields of a block, with the end mark. */
function options(body: Uint8Array, at: number): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let next = at; next < body.length; ) {
    const size = u16(body, next + 2, false);
    found.set(u16(body, next, false), body.subarray(next + 4, next + 4 + size));
    next += 4 + Math.ceil(size / 4) * 4;
  }
  return found;
}

describe('the blocks of a capture', () => {
  it('tell who captured what, on which link, in which unit of time, and what was lost', async () => {
    const { clock, paper, tap } = start();
    tap.begin(HERE, 8001, NOTES);
    tap.received(datagram(5), 0, 5, THERE, 8002);
    clock.advance(2_000);
    await tap.end(7);
    const [section, link, packet, statistics] = blocks(paper.bytes);
    expect([section?.type, link?.type, packet?.type, statistics?.type]).toEqual([
      0x0a0d0d0a, 1, 6, 5,
    ]);
    const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
    expect(text(options(section!.body, 16).get(1))).toBe(NOTES.comment);
    expect(text(options(section!.body, 16).get(4))).toBe('Earshot test');
    expect(u16(link!.body, 0, false)).toBe(101);
    expect(text(options(link!.body, 8).get(2))).toBe('gossip');
    expect([...(options(link!.body, 8).get(9) ?? [])]).toEqual([6]);
    const counted = options(statistics!.body, 12);
    const count = (code: number): number => u32(counted.get(code)!, 0, false);
    expect([count(4), count(7), count(8)]).toEqual([8, 7, 1]);
    const lasted = u32(counted.get(3)!, 4, false) - u32(counted.get(2)!, 4, false);
    expect(lasted).toBe(2_000_000);
  });

  it('carry headers whose lengths and checksum are right', async () => {
    const { paper, tap } = start();
    tap.begin(HERE, 8001, NOTES);
    tap.received(datagram(33), 0, 33, THERE, 8002);
    await tap.end(0);
    const frame = blocks(paper.bytes)[2]!.body.subarray(20);
    expect(u16(frame, 2, true)).toBe(28 + 33);
    expect(u16(frame, 24, true)).toBe(8 + 33);
    expect(u16(frame, 26, true), 'no checksum of UDP').toBe(0);
    let sum = 0;
    for (let at = 0; at < 20; at += 2) sum += u16(frame, at, true);
    expect((sum & 0xffff) + (sum >>> 16), 'checksum of IPv4').toBe(0xffff);
  });
});

describe('a capture ends', () => {
  it('with the last datagram asked for', async () => {
    const { paper, tap, ends } = start({ packets: 2 });
    tap.begin(HERE, 8001, NOTES);
    for (let i = 0; i < 4; i++) tap.received(datagram(40 + i), 0, 40 + i, THERE, 8002);
    expect(ends).toEqual(['full']);
    await tap.end(0);
    expect((await read(paper.bytes)).packets.map(({ payload }) => payload.length)).toEqual([
      40, 41,
    ]);
  });

  it('before the file is larger than asked for', async () => {
    const head = start();
    head.tap.begin(HERE, 8001, NOTES);
    const limit = head.file.bytes + 3 * packetBlockBytes(100) + 50;
    const { tap, file, ends } = start({ bytes: limit });
    tap.begin(HERE, 8001, NOTES);
    for (let i = 0; i < 9; i++) tap.received(datagram(100), 0, 100, THERE, 8002);
    expect(ends).toEqual(['full']);
    expect(file.written).toBe(3);
    expect(file.bytes).toBeLessThanOrEqual(limit);
    await tap.end(0);
  });

  it('quietly when its reader goes away', async () => {
    const { paper, file, tap, ends } = start();
    tap.begin(HERE, 8001, NOTES);
    paper.fail = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    tap.received(datagram(100), 0, 100, THERE, 8002);
    file.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ends).toEqual(['reader gone']);
    await tap.end(0);
  });

  it('with an error when the disk is full', async () => {
    const { paper, file, tap, ends } = start();
    tap.begin(HERE, 8001, NOTES);
    paper.fail = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    tap.received(datagram(100), 0, 100, THERE, 8002);
    file.flush();
    await expect(tap.end(0)).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
    expect(ends).toEqual(['failed']);
  });

  it('and leaves out, counted, what a slow disk has no time for', async () => {
    const { paper, file, tap } = start({ waiting: 1000 });
    paper.holds = true;
    tap.begin(HERE, 8001, NOTES);
    for (let i = 0; i < 5; i++) {
      tap.received(datagram(600), 0, 600, THERE, 8002);
      file.flush();
    }
    expect(file.written).toBeLessThan(5);
    expect(file.written + file.leftOut).toBe(5);
    paper.holds = false;
    paper.held?.();
    await tap.end(0);
    expect((await read(paper.bytes)).packets.length).toBe(file.written);
  });
});
