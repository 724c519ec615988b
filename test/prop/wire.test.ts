import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeName, outcomeStage } from '../../src/util/outcome.ts';
import { ContactInfoFields, readContactInfo } from '../../src/wire/contact-info.ts';
import { type PlainContactInfo, writeContactInfo } from '../../src/wire/contact-info-encode.ts';
import { MAX_VALUES, PACKET_BYTES, SIGNATURE_BYTES, SOCKET_COUNT } from '../../src/wire/limits.ts';
import {
  canonicalizeValue,
  createValueColumns,
  PacketFields,
  skim,
  skimValue,
} from '../../src/wire/skim.ts';
import { propertyCases } from '../nightly.ts';
import { join, leb, push, u32, u64, worked } from '../unit/wire/parts.ts';

const packet = new PacketFields();
const columns = createValueColumns(MAX_VALUES);
const STAGES = new Set(['accepted', 'decode', 'sanitize']);

/** Skims and checks what holds for any bytes whatever. @returns the outcome */
function judged(bytes: Uint8Array): number {
  const room = join('ff'.repeat(9), bytes, 'ff'.repeat(9));
  const outcome = skim(room, 9, 9 + bytes.length, packet, columns, 0);
  expect(STAGES.has(outcomeStage(outcome)), outcomeName(outcome)).toBe(true);
  if (outcome < 0) {
    expect(packet.failedAt).toBeGreaterThanOrEqual(9);
    expect(packet.failedAt).toBeLessThanOrEqual(9 + bytes.length);
    return outcome;
  }
  // What is accepted lies within the packet, and each value is accepted alone and in canonical form.
  for (let row = 0; row < packet.valueCount; row++) {
    const at = columns.offset[row]!;
    const end = at + columns.length[row]!;
    expect(at >= 9 && end <= 9 + bytes.length && at < end).toBe(true);
    expect(columns.origin[row]! > at && columns.origin[row]! + 32 <= end).toBe(true);
    const value = room.slice(at, end);
    const alone = createValueColumns(2);
    expect(skimValue(value, 0, value.length, alone, 0)).toBe(0);
    const length = canonicalizeValue(value, alone, 0);
    expect(length).toBeLessThanOrEqual(value.length);
    expect(skimValue(value, 0, length, alone, 1)).toBe(0);
    expect([alone.flags[1], alone.length[1], alone.wallclock[1], alone.kind[1]]).toEqual([
      0,
      length,
      columns.wallclock[row],
      columns.kind[row],
    ]);
  }
  return outcome;
}

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });
const someU64 = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    2n,
    7n,
    10n ** 15n - 1n,
    10n ** 15n,
    2n ** 32n,
    2n ** 61n,
    2n ** 64n - 1n,
  ),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 40n }),
);

/** Pieces that values are made of, joined at random: far likelier to get deep than plain bytes. */
const piece = fc.oneof(
  fc.nat(255).map((byte) => join(byte)),
  fc.nat(20).map((value) => u32(value)),
  someU64.map((value) => u64(value)),
  someU64.map((value) => leb(value)),
  fc.nat(65535).map((value) => leb(value)),
  fc.nat(2).map((length) => join(1, u64(length), 'ff'.repeat(length), u64(8 * length))),
  key,
  fc.uint8Array({ maxLength: 40 }),
);
const soup = fc
  .tuple(signature, fc.constantFrom(1, 2, 5, 9, 10, 11, 12, 13), fc.array(piece, { maxLength: 12 }))
  .map(([sign, kind, pieces]) => join(sign, u32(kind), ...pieces));

const WORKED = ['push', 'pullRequest', 'prune', 'ping', 'pullResponse', 'mainnetPullResponse'];
const WORKED_VALUES = ['contactInfo', 'vote', 'epochSlots', 'duplicateShred', 'restartRaw'];

describe('any bytes have one outcome and never a throw', () => {
  it('plain bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: PACKET_BYTES + 8 }), (bytes) => void judged(bytes)),
    );
  });

  it('bytes behind the tag of a message', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.uint8Array({ maxLength: PACKET_BYTES }), (tag, bytes) => {
        judged(join(u32(tag), bytes).subarray(0, PACKET_BYTES));
      }),
    );
  });

  it('values thrown together from pieces', () => {
    fc.assert(
      fc.property(fc.array(soup, { maxLength: 3 }), (values) => void judged(push(values))),
      { numRuns: propertyCases(333, 10000) },
    );
  });

  it('worked packets and values with a span replaced', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WORKED, ...WORKED_VALUES),
        fc.nat(1000),
        fc.nat(8),
        fc.oneof(piece, fc.uint8Array({ maxLength: 4 })),
        (name, from, cut, insert) => {
          const whole = WORKED.includes(name) ? worked(name) : push([worked(name)]);
          const at = from % whole.length;
          judged(join(whole.subarray(0, at), insert, whole.subarray(at + cut)));
        },
      ),
      { numRuns: propertyCases(1000, 30000) },
    );
  });
});

const u16Value = fc.nat(65535);
const u32Value = fc.nat(0xffffffff);
const contactInfo: fc.Arbitrary<PlainContactInfo> = fc.record({
  pubkey: key,
  wallclock: fc.integer({ min: 0, max: 10 ** 15 - 1 }),
  outset: someU64,
  shredVersion: u16Value,
  version: fc.record({
    major: u16Value,
    minor: fc.nat(0x3fff),
    channel: fc.nat(3),
    patch: u16Value,
    commit: u32Value,
    featureSet: u32Value,
    client: u16Value,
  }),
  sockets: fc.array(
    fc.record({
      key: fc.oneof(fc.nat(15), fc.nat(255)),
      ip: fc.oneof(u32Value, fc.constantFrom(0, 0x7f000001, 0x0a000001, 0xe0000001)),
      port: u16Value,
    }),
    { maxLength: 30 },
  ),
});

describe('a contact info', () => {
  it('is read as it was written', () => {
    const fields = new ContactInfoFields();
    fc.assert(
      fc.property(contactInfo, (info) => {
        const bytes = new Uint8Array(PACKET_BYTES);
        const end = writeContactInfo(bytes, SIGNATURE_BYTES, info);
        expect(outcomeName(skimValue(bytes, 0, end, columns, 0))).toBe('OK');
        expect(columns.flags[0]).toBe(0);
        readContactInfo(bytes, 0, end, fields);
        const { major, minor, channel, patch, commit, featureSet, client } = fields;
        expect({
          wallclock: fields.wallclock,
          outset: (BigInt(fields.outsetHigh) << 32n) | BigInt(fields.outsetLow),
          shredVersion: fields.shredVersion,
          version: { major, minor, channel, patch, commit, featureSet, client },
        }).toEqual({
          wallclock: info.wallclock,
          outset: info.outset,
          shredVersion: info.shredVersion,
          version: info.version,
        });
        for (let socketKey = 0; socketKey < SOCKET_COUNT; socketKey++) {
          const last = info.sockets.findLast((socket) => socket.key === socketKey);
          const absent = !last || last.port === 0 || last.ip === 0 || last.ip >>> 28 === 14;
          expect([fields.socketIp[socketKey], fields.socketPort[socketKey]]).toEqual(
            absent ? [0, 0] : [last.ip, last.port],
          );
        }
      }),
      { numRuns: propertyCases(166, 5000) },
    );
  });
});
