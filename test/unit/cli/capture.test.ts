import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Format } from '../../../src/cli/capture/detect.ts';
import { readCapture } from '../../../src/cli/capture/read-capture.ts';
import {
  be32,
  block,
  concat,
  enhancedBlock,
  ethernet,
  interfaceBlock,
  ipv4,
  le16,
  le32,
  option,
  pcap,
  sectionBlock,
  udp,
} from './frames.ts';
import { FRAME, PING, read, sameBytes } from './reading.ts';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('pcap', () => {
  const cases = [
    { name: 'little-endian µs', bigEndian: false, magic: 0xa1b2c3d4, fraction: 250_500 },
    { name: 'big-endian µs', bigEndian: true, magic: 0xa1b2c3d4, fraction: 250_500 },
    { name: 'little-endian ns', bigEndian: false, magic: 0xa1b23c4d, fraction: 250_500_000 },
    { name: 'big-endian ns', bigEndian: true, magic: 0xa1b23c4d, fraction: 250_500_000 },
  ];
  for (const { name, bigEndian, magic, fraction } of cases) {
    test(name, async () => {
      const bytes = pcap([{ bytes: FRAME, fraction }], { bigEndian, magic });
      const { packets, counts } = await read(bytes);
      expect(counts.format).toBe('pcap');
      expect(packets[0]?.timeMs).toBe(1_700_000_000_250.5);
    });
  }

  test('a frame cut by the snapshot length says how much is missing', async () => {
    const bytes = pcap([{ bytes: FRAME.subarray(0, 100), wireBytes: FRAME.length }]);
    const { packets, counts } = await read(bytes);
    expect(packets[0]).toMatchObject({ payloadBytes: PING.length });
    expect(packets[0]?.payload.length).toBe(100 - 42);
    expect(counts.cut).toBe(1);
  });

  test('ports filter either end', async () => {
    const bytes = pcap([{ bytes: FRAME }]);
    expect((await read(bytes, { ports: [8000] })).packets).toHaveLength(1);
    expect((await read(bytes, { ports: [9, 8001] })).packets).toHaveLength(1);
    const other = await read(bytes, { ports: [9] });
    expect([other.packets.length, other.counts.otherPort]).toEqual([0, 1]);
  });

  test('a frame larger than any is damage, and what came before is given', async () => {
    const bytes = pcap([{ bytes: FRAME }, { bytes: FRAME }]);
    bytes.set(le32(262_145), 24 + 16 + FRAME.length + 8);
    const { packets, error } = await read(bytes);
    expect(packets).toHaveLength(1);
    expect(error?.code).toBe('CAPTURE_DAMAGED');
    expect(error?.message).toContain('Frame 2 claims to be 262145 bytes');
  });
});

describe('pcapng', () => {
  for (const bigEndian of [false, true]) {
    test(`all blocks, ${bigEndian ? 'big' : 'little'}-endian`, async () => {
      const raw = ipv4(udp(PING));
      const old = concat(
        bigEndian ? [0, 1] : [1, 0],
        [0, 0],
        ...[0, 5, raw.length, raw.length].map((v) => (bigEndian ? be32(v) : le32(v))),
        raw,
      );
      const simple = concat((bigEndian ? be32 : le32)(FRAME.length), FRAME);
      const bytes = concat(
        sectionBlock(bigEndian),
        interfaceBlock(1, { bigEndian }),
        interfaceBlock(101, { bigEndian, options: option(9, [3], bigEndian) }),
        block(5, new Uint8Array(20), bigEndian),
        enhancedBlock(FRAME, { bigEndian, units: 1_700_000_000_250_500n }),
        block(0x0bad, new Uint8Array(333), bigEndian),
        block(2, old, bigEndian),
        block(3, simple, bigEndian),
      );
      const { packets, counts, error } = await read(bytes);
      expect(error).toBeUndefined();
      expect(counts.format).toBe('pcapng');
      expect(packets.map(({ number, timeMs }) => [number, timeMs])).toEqual([
        [1, 1_700_000_000_250.5],
        [2, 5],
        [3, undefined],
      ]);
      for (const packet of packets) expect(sameBytes(packet.payload, PING)).toBe(true);
    });
  }

  const times = [
    { name: 'microseconds by default', options: [], units: 1_500_000n, timeMs: 1500 },
    { name: 'nanoseconds', options: option(9, [9]), units: 1_500_000_000n, timeMs: 1500 },
    { name: 'powers of two', options: option(9, [0x8a]), units: 1536n, timeMs: 1500 },
    {
      name: 'an offset in seconds',
      options: concat(option(9, [6]), option(14, [2, 0, 0, 0, 0, 0, 0, 0]), option(0, [])),
      units: 1_500_000n,
      timeMs: 3500,
    },
    {
      name: 'options behind the end are not read',
      options: concat(option(2, [101, 116, 104]), option(0, []), option(9, [0])),
      units: 1_500_000n,
      timeMs: 1500,
    },
  ];
  for (const { name, options, units, timeMs } of times) {
    test(`time: ${name}`, async () => {
      const described = interfaceBlock(1, { options: [...options] });
      const bytes = concat(sectionBlock(), described, enhancedBlock(FRAME, { units }));
      expect((await read(bytes)).packets[0]?.timeMs).toBe(timeMs);
    });
  }

  test('a new section forgets the interfaces and may turn the byte order', async () => {
    const bytes = concat(
      sectionBlock(),
      interfaceBlock(101),
      sectionBlock(true),
      interfaceBlock(1, { bigEndian: true }),
      enhancedBlock(FRAME, { bigEndian: true }),
    );
    expect((await read(bytes)).packets).toHaveLength(1);
  });

  test('a simple block holds no more than the snapshot length', async () => {
    const cut = concat(le32(FRAME.length), FRAME.subarray(0, 100));
    const bytes = concat(sectionBlock(), interfaceBlock(1, { snapBytes: 100 }), block(3, cut));
    const { packets, counts } = await read(bytes);
    expect(packets[0]?.payload.length).toBe(100 - 42);
    expect(counts.cut).toBe(1);
  });

  const start = concat(sectionBlock(), interfaceBlock(1), enhancedBlock(FRAME));
  const badTrailer = enhancedBlock(FRAME);
  badTrailer[badTrailer.length - 4]! ^= 4;
  const damage = [
    { name: 'an interface that was not described', tail: enhancedBlock(FRAME, { index: 1 }) },
    { name: 'two lengths that differ', tail: badTrailer },
    { name: 'a length below the smallest block', tail: concat(le32(6), le32(8), le32(8)) },
    { name: 'a length that is not padded', tail: concat(le32(6), le32(33), new Uint8Array(40)) },
    {
      name: 'a packet larger than its block',
      tail: block(6, concat(new Uint8Array(12), le32(99), le32(99))),
    },
    { name: 'a packet block larger than any', tail: concat(le32(6), le32(0x7ffffff0), PING) },
    { name: 'a section without a byte order', tail: block(0x0a0d0d0a, new Uint8Array(16)) },
    { name: 'an interface block too short', tail: block(1, new Uint8Array(le16(1))) },
  ];
  for (const { name, tail } of damage) {
    test(`damage: ${name}`, async () => {
      const { packets, error } = await read(concat(start, tail));
      expect(packets).toHaveLength(1);
      expect(error?.code).toBe('CAPTURE_DAMAGED');
    });
  }
});

describe('captures cut at every byte', () => {
  const ng = concat(sectionBlock(), interfaceBlock(1));
  const cases = [
    { name: 'pcap', head: pcap([]), frame: pcap([{ bytes: FRAME }]).subarray(24) },
    { name: 'pcapng', head: ng, frame: enhancedBlock(FRAME) },
  ];
  for (const { name, head, frame } of cases) {
    test(name, async () => {
      const bytes = concat(head, frame, frame);
      const first = head.length + frame.length;
      for (let end = head.length; end <= bytes.length; end++) {
        const { packets, error } = await read(bytes.subarray(0, end));
        const whole = Math.floor((end - head.length) / frame.length);
        expect([end, packets.length]).toEqual([end, whole]);
        const clean = end === head.length || end === first || end === bytes.length;
        expect([end, error?.code]).toEqual([end, clean ? undefined : 'CAPTURE_TRUNCATED']);
      }
    });
  }

  test('pcap: inside the file header', async () => {
    const { error } = await read(pcap([]).subarray(0, 23));
    expect(error?.code).toBe('CAPTURE_TRUNCATED');
  });
});

const text = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  concat(...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));

describe('chunks and compression', () => {
  const bytes = pcap([
    { bytes: FRAME },
    { bytes: ethernet(new Uint8Array(28), 0x0806) },
    { bytes: FRAME },
  ]);

  test('chunks of every small size give the same', async () => {
    for (let size = 1; size < 40; size++) {
      const { packets, error } = await read(inChunks(bytes, size));
      expect([size, error, packets.map(({ number }) => number)]).toEqual([size, undefined, [1, 3]]);
      for (const { payload } of packets)
        expect([size, sameBytes(payload, PING)]).toEqual([size, true]);
    }
  });

  const MIXED: readonly { name: string; input: Uint8Array; format: Format | undefined }[] = [
    // Found by the property: hex in chunks of 4 bytes, one raw datagram when it came whole.
    { name: 'a line of hex, then zeros', input: text('0\r\r\n', le32(0)), format: 'hex' },
    { name: 'zeros in the first line', input: text('00', le32(0), '\n00\n'), format: 'raw' },
    { name: 'zeros after a comment', input: text('# ping\n', le32(0), '\n'), format: 'raw' },
    { name: 'hex after a comment', input: text('# ping\n\n0400\n', le32(0)), format: 'hex' },
    { name: 'prose, then zeros', input: text('hello\n', le32(0)), format: 'raw' },
    { name: 'prose, then hex', input: text('hello\n0400\n'), format: undefined },
    { name: 'half a line of hex', input: text('\n0400'), format: 'hex' },
  ];

  test.for(MIXED)('$name: the same format in chunks of every size', async ({ input, format }) => {
    for (let size = 1; size <= input.length; size++) {
      const { counts } = await read(inChunks(input, size));
      expect([size, counts.format]).toEqual([size, format]);
    }
  });

  test('a first packet behind 64 KiB of comments: an error, however it comes', async () => {
    const input = text('# a comment\n'.repeat(5500), '0400\n');
    for (const size of [1000, 65_536, 65_537, input.length]) {
      const { error } = await read(inChunks(input, size));
      expect([size, error?.message]).toEqual([
        size,
        expect.stringMatching(/^The first 65536 bytes/),
      ]);
    }
  });

  test('gzip, also in several members', async () => {
    const halves = [bytes.subarray(0, 77), bytes.subarray(77)].map((half) => gzipSync(half));
    const { packets } = await read(concat(...halves));
    expect(packets).toHaveLength(2);
  });

  test('gzip cut off gives every frame that can be inflated', async () => {
    const many = pcap(Array.from({ length: 400 }, () => ({ bytes: FRAME })));
    const packed = gzipSync(many);
    const { packets, error } = await read(packed.subarray(0, packed.length - 9));
    expect(error?.code).toBe('GZIP_DAMAGED');
    expect(packets.length).toBeGreaterThan(390);
  });

  test('a large unread block is passed over without being held', async () => {
    const mebibyte = new Uint8Array(1 << 20);
    let largest = 0;
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield concat(sectionBlock(), interfaceBlock(1));
      yield concat(le32(0xbad), le32(12 + 200 * mebibyte.length));
      for (let i = 0; i < 200; i++) {
        largest = Math.max(largest, process.memoryUsage().arrayBuffers);
        yield mebibyte;
      }
      yield concat(le32(12 + 200 * mebibyte.length), enhancedBlock(FRAME));
    }
    const before = process.memoryUsage().arrayBuffers;
    expect((await read(stream())).packets).toHaveLength(1);
    expect(largest - before).toBeLessThan(20 << 20);
  });

  test('a pipe that pauses behind the first frame shows it at once', async () => {
    let release = (): void => {};
    const paused = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield pcap([{ bytes: FRAME }]);
      await paused;
      yield pcap([{ bytes: FRAME }]).subarray(24);
    }
    const packets = readCapture(stream());
    expect((await packets.next()).value?.number).toBe(1);
    release();
    expect((await packets.next()).value?.number).toBe(2);
    expect((await packets.next()).done).toBe(true);
  });
});

test('the recorded cluster: every datagram, in order of time', async () => {
  const file = readFileSync(new URL('../../fixtures/cluster.pcap.gz', import.meta.url));
  const { packets, counts, error } = await read(file);
  expect(error).toBeUndefined();
  expect(counts).toMatchObject({ frames: 7055, notUdp: 0, malformed: 0, cut: 0, format: 'pcap' });
  expect(packets).toHaveLength(7055);
  const ports = new Set(packets.flatMap((p) => [p.sourcePort, p.destinationPort]));
  expect([...ports].sort()).toEqual([18000, 18001, 18002, 18003, 18004]);
  expect(packets.at(-1)!.timeMs! - packets[0]!.timeMs!).toBeGreaterThan(44_000);
});
