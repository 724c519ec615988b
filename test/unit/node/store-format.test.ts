import { describe, expect, it } from 'vitest';
import {
  readStore,
  STORE_HEAD_BYTES,
  type StoreContent,
  StoreWriter,
  storeChecksum,
} from '../../../src/node/store-format.ts';
import { readU32, toHex, writeU32, writeU64 } from '../../../src/util/bytes.ts';
import { generation, isGeneration } from '../../sim/stored.ts';

const whole = (sequence: number, records: number): Uint8Array =>
  new Uint8Array(Buffer.concat(generation(sequence, records)));

/** Where the first identity says when. */
const timesAt = (bytes: Uint8Array): number => STORE_HEAD_BYTES + readU32(bytes, 48) + 32;

/** With a checksum that fits again. */
function forged(bytes: Uint8Array): Uint8Array {
  bytes.set(storeChecksum(bytes), 64);
  return bytes;
}

function content(bytes: Uint8Array): StoreContent {
  const read = readStore(bytes);
  if (typeof read === 'string') expect.fail(read);
  return read;
}

describe('a generation of the store', () => {
  it('is read as it was written', () => {
    const writer = new StoreWriter();
    const key = new Uint8Array(32).fill(7);
    writer.counters({ STARTS: 3, BYTES_SENT: 2 ** 52 });
    writer.identity(toHex(key, 0, 32), 1_786_999_999_999.5, 1_787_000_000_000);
    writer.peer(0xcb007101, 8001, Uint8Array.of(0, 1, 2, 3, 4), 1, 4);
    const head = {
      sequence: 2 ** 40,
      savedMs: 1_787_000_000_001,
      ip: 0xfffffffe,
      shredVersion: 50_093,
    };
    const read = content(new Uint8Array(Buffer.concat(writer.finish(head))));
    expect(read).toEqual({
      ...head,
      counters: Object.assign(Object.create(null), { STARTS: 3, BYTES_SENT: 2 ** 52 }),
      identities: [{ pubkey: key, firstMs: 1_786_999_999_999.5, lastMs: 1_787_000_000_000 }],
      peers: [{ ip: 0xcb007101, port: 8001, contact: Uint8Array.of(1, 2, 3) }],
    });
  });

  it('of many chunks is one', () => {
    const chunks = generation(5, 3_000);
    expect(chunks.length).toBeGreaterThan(10);
    expect(isGeneration(content(new Uint8Array(Buffer.concat(chunks))), 5, 3_000)).toBe(true);
  });

  it('is none when a bit is turned, wherever', () => {
    const bytes = whole(1, 2);
    for (let i = 0; i < 8 * bytes.length; i++) {
      bytes[i >> 3]! ^= 1 << (i & 7);
      expect(typeof readStore(bytes), `bit ${i}`).toBe('string');
      bytes[i >> 3]! ^= 1 << (i & 7);
    }
  });

  it('is none when it is cut or grown', () => {
    const bytes = whole(1, 2);
    for (let length = 0; length < bytes.length; length++) {
      expect(typeof readStore(bytes.subarray(0, length)), `${length} bytes`).toBe('string');
    }
    expect(readStore(new Uint8Array(bytes.length + 1))).toMatch(/begin/);
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(readStore(longer)).toBe('its length is wrong');
  });

  it('of another version is refused by number', () => {
    const bytes = whole(1, 0);
    writeU32(bytes, 8, 2);
    expect(readStore(forged(bytes))).toBe('its version is 2, not 1');
  });

  const lies: { name: string; tell: (bytes: Uint8Array) => void; why: RegExp }[] = [
    { name: 'identities', tell: (b) => writeU32(b, 40, 0xffff_ffff), why: /ends too soon/ },
    { name: 'peers', tell: (b) => writeU32(b, 44, 0xffff_ffff), why: /peers/ },
    { name: 'one peer fewer', tell: (b) => writeU32(b, 44, 1), why: /left over/ },
    { name: 'bytes of counters', tell: (b) => writeU32(b, 48, 0xffff_ffff), why: /ends too soon/ },
    { name: 'no counters', tell: (b) => writeU32(b, 48, 0), why: /counters/ },
    { name: 'sequence', tell: (b) => b.fill(0xff, 16, 24), why: /head/ },
    { name: 'times', tell: (b) => b.fill(0xff, timesAt(b), timesAt(b) + 16), why: /times/ },
    {
      name: 'counters',
      tell: (b) => b.fill(0x7b, STORE_HEAD_BYTES, STORE_HEAD_BYTES + 4),
      why: /counters/,
    },
  ];
  for (const { name, tell, why } of lies) {
    it(`that lies about ${name} with a fitting checksum is refused`, () => {
      const bytes = whole(1, 2);
      tell(bytes);
      const read = readStore(forged(bytes));
      expect(typeof read === 'string' ? read : 'taken').toMatch(why);
      expect(read).not.toHaveProperty('peers');
    });
  }

  it('takes counters for names, whatever the names', () => {
    const bytes = whole(1, 0);
    const text = '{"__proto__":5,"constructor":6}';
    const other = new Uint8Array(STORE_HEAD_BYTES + text.length);
    other.set(bytes.subarray(0, STORE_HEAD_BYTES));
    other.set(new TextEncoder().encode(text), STORE_HEAD_BYTES);
    writeU32(other, 12, text.length);
    writeU32(other, 48, text.length);
    writeU64(other, 16, 9);
    const { counters } = content(forged(other));
    expect(Object.entries(counters)).toEqual([
      ['__proto__', 5],
      ['constructor', 6],
    ]);
  });
});
