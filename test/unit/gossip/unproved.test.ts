import { describe, expect, it } from 'vitest';
import { UnprovedContacts } from '../../../src/gossip/unproved.ts';
import { keyOf, NOW } from './small-table.ts';

const IP = 0x05060708;

interface Heard {
  wallclock?: number;
  outsetLow?: number;
  outsetHigh?: number;
  ip?: number;
  port?: number;
  heardMs?: number;
}

/** Keeps a contact of an origin, as if it lay in a packet. */
function keep(contacts: UnprovedContacts, origin: number, heard: Heard = {}): boolean {
  const packet = new Uint8Array(300).fill(9);
  packet.set(keyOf(origin), 100);
  const hashes = new Uint8Array(96).fill(origin);
  const contact = {
    ip: IP,
    port: 8001,
    wallclock: NOW,
    outsetLow: 0,
    outsetHigh: 0,
    heardMs: NOW,
    ...heard,
  };
  return contacts.keep(packet, 32, 160, 100, contact, hashes, 32);
}

const take = (contacts: UnprovedContacts, origin: number, ip = IP, port = 8001) =>
  contacts.take(keyOf(origin), 0, ip, port);

describe('contacts whose address has not answered', () => {
  it('are kept with a copy of their bytes until it has', () => {
    const contacts = new UnprovedContacts();
    expect(keep(contacts, 1)).toBe(true);
    expect(keep(contacts, 2)).toBe(true);
    const contact = take(contacts, 1);
    expect(contact?.bytes).toHaveLength(160);
    expect(contact?.bytes.subarray(68, 100)).toEqual(keyOf(1));
    expect(contact?.hash).toEqual(new Uint8Array(32).fill(1));
    expect(take(contacts, 1)).toBeUndefined();
    expect(contacts.size).toBe(1);
  });

  const others = [
    { name: 'another key', origin: 2, ip: IP, port: 8001 },
    { name: 'another IP', origin: 1, ip: IP + 1, port: 8001 },
    { name: 'another port', origin: 1, ip: IP, port: 8002 },
  ];
  for (const { name, origin, ip, port } of others) {
    it(`stay when the answer is of ${name}`, () => {
      const contacts = new UnprovedContacts();
      keep(contacts, 1);
      expect(take(contacts, origin, ip, port)).toBeUndefined();
      expect(contacts.size).toBe(1);
    });
  }

  const newer = [
    { name: 'later wallclock', heard: { wallclock: NOW + 1 }, stays: 'new' },
    { name: 'earlier wallclock', heard: { wallclock: NOW - 1 }, stays: 'old' },
    { name: 'the same again', heard: {}, stays: 'old' },
    { name: 'later outset', heard: { outsetLow: 6, wallclock: NOW - 1 }, stays: 'new' },
    { name: 'earlier outset', heard: { outsetLow: 4, wallclock: NOW + 1 }, stays: 'old' },
    { name: 'higher half of it', heard: { outsetHigh: 1, outsetLow: 0 }, stays: 'new' },
  ];
  for (const { name, heard, stays } of newer) {
    it(`of one origin the newer: ${name}`, () => {
      const contacts = new UnprovedContacts();
      keep(contacts, 1, { outsetLow: 5, port: 1 });
      expect(keep(contacts, 1, { outsetLow: 5, ...heard, port: 2 })).toBe(false);
      expect(contacts.size).toBe(1);
      expect(take(contacts, 1, IP, stays === 'new' ? 2 : 1)).toBeDefined();
    });
  }

  it('leave when there is no room, the longest unheard first', () => {
    const contacts = new UnprovedContacts(3);
    for (const origin of [1, 2, 3]) keep(contacts, origin);
    keep(contacts, 1, { wallclock: NOW + 1 });
    keep(contacts, 4);
    expect([contacts.size, contacts.evicted]).toEqual([3, 1]);
    expect([1, 2, 3, 4].map((origin) => take(contacts, origin) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it('leave when they are old, or their origin is in the table', () => {
    const contacts = new UnprovedContacts();
    keep(contacts, 1, { heardMs: NOW - 1 });
    keep(contacts, 2);
    keep(contacts, 3);
    contacts.expire(NOW);
    contacts.forget(keyOf(3), 0);
    expect([...contacts.values()].map(({ hash }) => hash[0])).toEqual([2]);
  });
});
