import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { OUTCOME_COUNT, outcomeName, outcomeStage } from '../../../src/util/outcome.ts';
import { MAX_VALUES, PACKET_BYTES } from '../../../src/wire/limits.ts';
import { IS_NIGHTLY } from '../../nightly.ts';
import { type RecordedPacket, recordedPackets } from './recorded.ts';

// As compiled: what the test runner makes of a module costs three times as much, over 20 million calls.
const { createValueColumns, PacketFields, skim } = createRequire(import.meta.url)(
  '../../../dist/src/wire/skim.js',
) as typeof import('../../../src/wire/skim.ts');

const accepted = [
  ...recordedPackets('packets.jsonl.gz'),
  ...recordedPackets('edges.jsonl.gz'),
].filter(({ stage }) => stage === 'accepted');

/** One packet for every message, kinds and lengths. */
const shapes = [
  ...new Map(
    accepted.map((packet) => {
      const { message, values } = packet.content!;
      const kinds = (values ?? []).map(({ kind, length }) => `${kind} ${length}`);
      return [`${message} ${kinds.join()}`, packet];
    }),
  ).values(),
];

/** Those that are damaged everywhere. */
const damaged = IS_NIGHTLY ? accepted : shapes;

/** Bytes around the packet, as many as the longest fixed-size field and more. */
const MARGIN = 128;
const ROOM = MARGIN + PACKET_BYTES + 1 + MARGIN;
/** Rows before and behind those that a packet may fill. */
const GUARD = 3;
const ROWS = GUARD + MAX_VALUES + GUARD;
const CANARY = 0xa5;

const packet = new PacketFields();
const columns = createValueColumns(ROWS);

/** By negated code: whether skimming may answer with it. */
const allowed = Uint8Array.from({ length: OUTCOME_COUNT }, (_, code) =>
  ['accepted', 'decode', 'sanitize'].includes(outcomeStage(-code)) ? 1 : 0,
);

/** Skims `length` bytes between the margins. @returns the outcome and where it was noticed, as one number */
function attempt(room: Uint8Array, length: number): number {
  packet.failedAt = MARGIN;
  const outcome = skim(room, MARGIN, MARGIN + length, packet, columns, GUARD);
  if (allowed[-outcome] !== 1) throw new Error(`outcome ${outcome}`);
  const at = packet.failedAt - MARGIN;
  if (at < 0 || at > length) throw new Error(`${outcomeName(outcome)} at ${at} of ${length}`);
  return -outcome * 4096 + at;
}

const outcomeOf = (attempted: number): string => outcomeName(-Math.floor(attempted / 4096));

/** Runs over packets with every row filled with canaries. @returns names of packets that touched a guard row */
function guarded(
  packets: readonly RecordedPacket[],
  run: (packet: RecordedPacket) => void,
): string[] {
  const arrays = Object.values(columns) as Uint8Array[];
  for (const column of arrays) column.fill(CANARY);
  return packets
    .filter((recorded) => {
      run(recorded);
      return arrays.some((column) => {
        for (let i = 0; i < GUARD; i++) {
          if (column[i] !== CANARY || column[ROWS - 1 - i] !== CANARY) return true;
        }
        return false;
      });
    })
    .map(({ name }) => name);
}

describe('an accepted packet', () => {
  it('cut anywhere cannot be decoded, whatever lies behind the cut', () => {
    const bright = new Uint8Array(ROOM).fill(0xff);
    const dark = new Uint8Array(ROOM);
    const surprises: string[] = [];
    const touched = guarded(damaged, ({ name, bytes }) => {
      for (let length = 0; length < bytes.length; length++) {
        // Behind the cut: once what was there, once what the margins hold.
        bright.set(bytes, MARGIN);
        const a = attempt(bright, length);
        dark[MARGIN + length - 1] = bytes[length - 1] ?? 0;
        const b = attempt(dark, length);
        const stage = outcomeStage(-Math.floor(a / 4096));
        if (a !== b || stage !== 'decode') surprises.push(`${name} cut to ${length}`);
      }
      dark.fill(0);
    });
    expect(surprises).toEqual([]);
    expect(touched).toEqual([]);
  });

  it('with one more byte is refused for that byte', () => {
    const room = new Uint8Array(ROOM);
    for (const { name, bytes } of accepted) {
      room.set(bytes, MARGIN);
      const expected = bytes.length < PACKET_BYTES ? 'PACKET_TRAILING_BYTES' : 'PACKET_TOO_LONG';
      const attempted = attempt(room, bytes.length + 1);
      expect([outcomeOf(attempted), attempted % 4096], name).toEqual([expected, bytes.length]);
    }
  });

  it('with any one bit flipped has one outcome, and fills its own rows only', () => {
    const room = new Uint8Array(ROOM).fill(CANARY);
    const counts = new Uint32Array(OUTCOME_COUNT);
    const touched = guarded(damaged, ({ bytes }) => {
      room.set(bytes, MARGIN);
      for (let i = MARGIN; i < MARGIN + bytes.length; i++) {
        const byte = room[i]!;
        for (let bit = 1; bit < 256; bit <<= 1) {
          room[i] = byte ^ bit;
          const code = Math.floor(attempt(room, bytes.length) / 4096);
          counts[code]!++;
        }
        room[i] = byte;
      }
    });
    expect(touched).toEqual([]);
    const bits = damaged.reduce((sum, { bytes }) => sum + 8 * bytes.length, 0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(bits);
    // Single flips reach nearly every rule; a rule that fell silent would show here.
    const unseen = [...counts.keys()].filter((code) => allowed[code] === 1 && counts[code] === 0);
    expect(unseen.map((code) => outcomeName(-code)).sort()).toEqual([
      'CALLER_NOT_CONTACT_INFO', // no bit turns one kind into another and keeps the form
      'PACKET_EMPTY',
      'PACKET_TOO_LONG',
    ]);
  });

  it('with any one bit flipped ends the same whatever lies around it', () => {
    const dark = new Uint8Array(ROOM);
    const bright = new Uint8Array(ROOM).fill(0xff);
    const surprises: string[] = [];
    for (const { name, bytes } of IS_NIGHTLY ? shapes : shapes.filter((_, i) => i % 4 === 0)) {
      dark.set(bytes, MARGIN);
      bright.set(bytes, MARGIN);
      for (let i = MARGIN; i < MARGIN + bytes.length; i++) {
        const byte = dark[i]!;
        for (let bit = 1; bit < 256; bit <<= 1) {
          dark[i] = byte ^ bit;
          bright[i] = byte ^ bit;
          const a = attempt(dark, bytes.length);
          if (a !== attempt(bright, bytes.length)) surprises.push(`${name} bit ${bit} of ${i}`);
        }
        dark[i] = byte;
        bright[i] = byte;
      }
      dark.fill(0);
      bright.fill(0xff);
    }
    expect(surprises).toEqual([]);
    expect(shapes.length).toBeGreaterThan(500);
  });
});
