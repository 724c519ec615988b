import { describe, expect, it } from 'vitest';
import { ourVersion, PACKAGE_VERSION } from '../../../src/node/version.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { formatIp, parseIp } from '../../../src/util/ipv4.ts';
import { decodeValue } from '../../../src/wire/decode.ts';
import type { DecodedContactInfo, ValueData } from '../../../src/wire/decoded.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { OUR_IP, TestNode, verifier } from './harness.ts';
import { CLUSTER, START_MS } from './peer.ts';

function contactOf(bytes: Uint8Array): DecodedContactInfo {
  const { value } = decodeValue(bytes);
  expect(value?.kind).toBe('ContactInfo');
  return value as DecodedContactInfo;
}

describe('our contact info', () => {
  it('says who we are, where, since when, and is signed', () => {
    const test = new TestNode();
    const bytes = test.parts.publisher.signContact();
    const { publicKey, address } = test.identity;
    expect(verifier.verify(publicKey, 0, bytes, 0, bytes, 64, bytes.length)).toBe(true);
    const contact = contactOf(bytes);
    expect(contact).toMatchObject({
      from: address,
      shredVersion: CLUSTER,
      wallclock: String(START_MS),
      outset: String(START_MS * 1_000),
      extensions: [],
      canonical: true,
    });
    const sockets = contact.sockets.map(({ name, ip, port }) => ({ name, ip, port }));
    expect(sockets).toEqual([{ name: 'gossip', ip: formatIp(OUR_IP), port: 8001 }]);
    expect(contact.version.text).toBe(PACKAGE_VERSION);
    expect(contact.version.client).toBe(ourVersion().client);
  });

  it('keeps its outset and gets a new wallclock when refreshed', () => {
    const test = new TestNode();
    const { publisher, view } = test.parts;
    publisher.refreshContact();
    test.clock.advance(7_500);
    publisher.refreshContact();
    const row = view.find(Kind.CONTACT_INFO, 0, test.identity.publicKey, 0);
    const at = view.columns.place[row]!;
    const bytes = view.columns.bytes.slice(at, at + view.columns.length[row]!);
    expect(contactOf(bytes)).toMatchObject({
      wallclock: String(START_MS + 7_500),
      outset: String(START_MS * 1_000),
    });
    expect(view.columns.ordinal[row]).toBe(1);
  });

  it('can change, also in the columns that pushes are addressed by', () => {
    const test = new TestNode();
    const { publisher, view } = test.parts;
    publisher.refreshContact();
    test.clock.advance(1);
    const ip = parseIp('203.0.113.99');
    publisher.refreshContact({ sockets: [{ key: 0, ip, port: 9_999 }], outset: 1.8e15 });
    const peer = view.peers.find(test.identity.publicKey, 0);
    expect([view.peers.columns.ip[peer], view.peers.columns.port[peer]]).toEqual([ip, 9_999]);
    expect(contactOf(publisher.signContact()).outset).toBe('1800000000000000');
    expect(publisher.contact.outset).toBe(1.8e15);
  });

  it('without a gossip socket is published all the same', () => {
    const test = new TestNode({ sockets: [] });
    test.parts.publisher.refreshContact();
    expect(test.parts.view.size).toBe(1);
    expect(contactOf(test.parts.publisher.signContact()).sockets).toEqual([]);
  });
});

describe('a value of ours', () => {
  it('is signed and stored', () => {
    const test = new TestNode();
    const { address, publicKey } = test.identity;
    const { publisher, view } = test.parts;
    publisher.publish({ kind: 'EpochSlots', index: 3, from: address, wallclock: 5, entries: [] });
    const row = view.find(Kind.EPOCH_SLOTS, 3, publicKey, 0);
    const at = view.columns.place[row]!;
    const bytes = view.columns.bytes.slice(at, at + view.columns.length[row]!);
    expect(verifier.verify(publicKey, 0, bytes, 0, bytes, 64, bytes.length)).toBe(true);
    expect(decodeValue(bytes).value).toMatchObject({ kind: 'EpochSlots', index: 3, from: address });
  });

  const refused: { name: string; data: (from: string) => ValueData }[] = [
    {
      name: 'an index over the limit',
      data: (from) => ({ kind: 'EpochSlots', index: 255, from, wallclock: 5, entries: [] }),
    },
    {
      name: 'a wallclock over the limit',
      data: (from) => ({ kind: 'EpochSlots', index: 0, from, wallclock: 1e15, entries: [] }),
    },
    {
      name: 'obsolete fields',
      data: (from) => ({ kind: 'LowestSlot', index: 0, from, wallclock: 5, lowest: 1, root: 1 }),
    },
  ];
  for (const { name, data } of refused) {
    it(`that no node would accept is a bug: ${name}`, () => {
      const test = new TestNode();
      const { publisher, view } = test.parts;
      expect(() => publisher.publish(data(test.identity.address))).toThrow(AssertionError);
      expect(view.size).toBe(0);
    });
  }
});
