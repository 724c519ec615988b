import { describe, expect, it } from 'vitest';
import { UnprovedContacts } from '../../../src/gossip/unproved.ts';

const hash = new Uint8Array(32);

/** A contact of an origin: its key lies at 8 of 40 made-up bytes in a packet. */
class Kept {
  readonly contacts: UnprovedContacts;

  constructor(capacity?: number) {
    this.contacts = new UnprovedContacts(capacity);
  }

  keep(
    origin: number,
    {
      ip = origin,
      port = 8001,
      wallclock = 1_000,
      outsetLow = 0,
      outsetHigh = 0,
      heardMs = 0,
      salt = 0,
    } = {},
  ): boolean {
    const packet = new Uint8Array(60).fill(0xee);
    packet.fill(salt, 10, 50).fill(origin, 18, 50);
    const sender = new Uint8Array(32);
    const contact = { ip, port, wallclock, outsetLow, outsetHigh, heardMs, route: 1, sender };
    return this.contacts.keep(packet, 10, 40, 18, contact, hash.fill(salt), 0);
  }

  take(origin: number, ip = origin, port = 8001): number | undefined {
    return this.contacts.take(new Uint8Array(32).fill(origin), 0, ip, port)?.bytes[0];
  }

  get origins(): number[] {
    return [...this.contacts.values()].map(({ ip }) => ip);
  }
}

describe('a contact info that waits', () => {
  it('is not replaced by one of an instance that started before, whatever else it says', () => {
    const kept = new Kept();
    kept.keep(1, { outsetHigh: 2, outsetLow: 0, wallclock: 1, salt: 7 });
    kept.keep(1, { outsetHigh: 1, outsetLow: 9, wallclock: 9, salt: 8 });
    expect(kept.take(1)).toBe(7);
  });

  it('is found by the key of its origin, wherever that stands', () => {
    const kept = new Kept();
    const at9 = (origin: number): Uint8Array => new Uint8Array(60).fill(origin, 9, 41);
    expect(kept.contacts.get(at9(1), 9)).toBeUndefined();
    kept.keep(1, { salt: 7 });
    kept.keep(2, { salt: 8 });
    expect(kept.contacts.get(at9(2), 9)?.bytes[0]).toBe(8);
    expect(kept.contacts.get(at9(3), 9)).toBeUndefined();
  });

  it('is a copy, and leaves when its address answers', () => {
    const kept = new Kept();
    expect(kept.keep(1, { salt: 7 })).toBe(true);
    const [contact] = kept.contacts.values();
    expect([contact?.bytes.length, contact?.bytes[0], contact?.hash[0]]).toEqual([40, 7, 7]);
    expect(kept.take(1)).toBe(7);
    expect([kept.take(1), kept.contacts.size]).toEqual([undefined, 0]);
  });

  const others = [
    { name: 'another key', origin: 2, ip: 1, port: 8001 },
    { name: 'another IP', origin: 1, ip: 2, port: 8001 },
    { name: 'another port', origin: 1, ip: 1, port: 8002 },
  ];
  for (const { name, origin, ip, port } of others) {
    it(`stays when the answer is of ${name}`, () => {
      const kept = new Kept();
      kept.keep(1);
      expect(kept.take(origin, ip, port)).toBeUndefined();
      expect(kept.contacts.size).toBe(1);
    });
  }

  const replacements = [
    { name: 'a newer wallclock', next: { wallclock: 1_001 }, replaced: true },
    { name: 'the same wallclock', next: {}, replaced: false },
    { name: 'an older wallclock', next: { wallclock: 999 }, replaced: false },
    { name: 'a newer outset', next: { outsetLow: 6, wallclock: 1 }, replaced: true },
    { name: 'an older outset', next: { outsetLow: 4, wallclock: 9_999 }, replaced: false },
    {
      name: 'a newer outset in its upper half',
      next: { outsetHigh: 1, outsetLow: 0 },
      replaced: true,
    },
  ];
  for (const { name, next, replaced } of replacements) {
    it(`meets ${name}: ${replaced ? 'replaced' : 'kept'}`, () => {
      const kept = new Kept();
      kept.keep(1, { outsetLow: 5, salt: 1 });
      expect(kept.keep(1, { outsetLow: 5, ...next, salt: 2 }), 'not a new origin').toBe(false);
      expect(kept.take(1)).toBe(replaced ? 2 : 1);
    });
  }

  it('is forgotten with its origin, or when it was heard too long ago', () => {
    const kept = new Kept();
    kept.keep(1, { heardMs: 10 });
    kept.keep(2, { heardMs: 20 });
    kept.keep(3, { heardMs: 30 });
    kept.contacts.expire(20);
    expect(kept.origins).toEqual([2, 3]);
    kept.contacts.forget(new Uint8Array(32).fill(3), 0);
    kept.contacts.forget(new Uint8Array(32).fill(9), 0);
    expect(kept.origins).toEqual([2]);
  });
});

describe('a full list', () => {
  it('gives up the longest unheard', () => {
    const kept = new Kept(3);
    for (const origin of [1, 2, 3]) kept.keep(origin);
    kept.keep(1, { wallclock: 2_000 });
    expect(kept.keep(4)).toBe(true);
    expect([kept.origins, kept.contacts.evicted]).toEqual([[3, 1, 4], 1]);
  });

  it('gives up none for one that it has', () => {
    const kept = new Kept(2);
    kept.keep(1);
    kept.keep(2);
    kept.keep(2, { wallclock: 2_000 });
    kept.keep(2, { wallclock: 1 });
    expect([kept.origins, kept.contacts.evicted]).toEqual([[1, 2], 0]);
  });
});
