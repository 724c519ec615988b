import fc from 'fast-check';
import { describe, test } from 'vitest';
import { FORMATS, type Format } from '../../src/cli/capture/detect.ts';
import { createCaptureCounts, readCapture } from '../../src/cli/capture/read-capture.ts';
import { SpyError } from '../../src/util/assert.ts';
import { propertyCases } from '../nightly.ts';
import {
  concat,
  enhancedBlock,
  ethernet,
  interfaceBlock,
  ipv4,
  ipv6,
  pcap,
  sectionBlock,
  udp,
} from '../unit/cli/frames.ts';

const PAYLOAD = Uint8Array.from({ length: 132 }, (_, i) => i * 7);
const FRAMES = [
  ethernet(ipv4(udp(PAYLOAD))),
  ethernet(ipv6(udp(PAYLOAD), 0, [17, 0, 0, 0, 0, 0, 0, 0]), 0x86dd),
];
const HEX = Buffer.from(PAYLOAD).toString('hex');
const BASES: readonly Uint8Array[] = [
  pcap(FRAMES.map((bytes) => ({ bytes }))),
  concat(sectionBlock(), interfaceBlock(1), ...FRAMES.map((bytes) => enhancedBlock(bytes))),
  Buffer.from(
    `${HEX}\n00000000: ${HEX.slice(0, 32)}\n00000010: ${HEX.slice(32, 64)}\n{"hex":"00"}\n`,
  ),
  Buffer.from(`${Buffer.from(PAYLOAD).toString('base64')}\nBAAAAA==\n`),
];

/** A good input of any format with some bytes replaced and its end cut off. */
const damaged = fc
  .record({
    base: fc.constantFrom(...BASES),
    changes: fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }),
    missing: fc.oneof(fc.constant(0), fc.nat(400)),
  })
  .map(({ base, changes, missing }) => {
    const bytes = base.slice(0, Math.max(0, base.length - missing));
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What reading comes to, as text: packets, counts and the error's code. */
async function outcome(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  format?: Format,
): Promise<string> {
  const counts = createCaptureCounts();
  const found: string[] = [];
  try {
    for await (const { payload, ...rest } of readCapture(input, { format, counts })) {
      found.push(Buffer.from(payload).toString('hex') + JSON.stringify(rest));
    }
  } catch (error) {
    if (!(error instanceof SpyError)) throw error;
    found.push(error.code);
  }
  return JSON.stringify([found, counts]);
}

describe('any input', () => {
  const format = fc.constantFrom(undefined, ...FORMATS);

  test('ends in packets or in an error for the operator', async () => {
    const input = fc.oneof(damaged, fc.uint8Array({ maxLength: 300 }));
    await fc.assert(
      fc.asyncProperty(input, format, async (bytes, name) => {
        await outcome(bytes, name);
      }),
      { numRuns: propertyCases(500, 15000) },
    );
  });

  test('comes to the same however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(damaged, fc.integer({ min: 1, max: 90 }), async (bytes, size) => {
        return (await outcome(bytes)) === (await outcome(inChunks(bytes, size)));
      }),
      { numRuns: propertyCases(166, 5000) },
    );
  });
});
