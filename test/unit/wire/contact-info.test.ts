import { describe, expect, it } from 'vitest';
import { fromBase58 } from '../../../src/util/base58.ts';
import { toHex } from '../../../src/util/bytes.ts';
import { formatAddress, parseIp } from '../../../src/util/ipv4.ts';
import { ContactInfoFields, readContactInfo } from '../../../src/wire/contact-info.ts';
import { type PlainContactInfo, writeContactInfo } from '../../../src/wire/contact-info-encode.ts';
import { Kind, MAX_VALUES } from '../../../src/wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../../../src/wire/skim.ts';
import {
  contactInfo,
  join,
  KEY_A,
  push,
  SIGNATURE,
  socket,
  U64_MAX,
  u16,
  u64,
  v4,
  worked,
} from './parts.ts';
import { type RecordedContactInfo, recordedPackets } from './recorded.ts';

const fields = new ContactInfoFields();

/** Reads the contact info of a value that stands alone. */
function read(value: Uint8Array): ContactInfoFields {
  readContactInfo(value, 0, value.length, fields);
  return fields;
}

/** The service behind a key, as the recorded contact infos show it. */
function service(key: number): string | null {
  const port = fields.socketPort[key]!;
  return port === 0 ? null : formatAddress(fields.socketIp[key]!, port);
}

/** Every contact info of the accepted packets, with what the reference reads in it. */
function* recordedContactInfos(): Generator<
  [string, RecordedContactInfo, Uint8Array, number, number]
> {
  const packet = new PacketFields();
  const columns = createValueColumns(MAX_VALUES);
  for (const file of ['packets.jsonl.gz', 'edges.jsonl.gz'] as const) {
    for (const { name, bytes, stage, content } of recordedPackets(file)) {
      if (stage !== 'accepted' || !content!.values) continue;
      skim(bytes, 0, bytes.length, packet, columns, 0);
      for (const [row, { contactInfo: recorded }] of content!.values.entries()) {
        if (columns.kind[row] !== Kind.CONTACT_INFO) continue;
        const at = columns.offset[row]!;
        yield [name, recorded!, bytes, at, at + columns.length[row]!];
      }
    }
  }
}

describe('readContactInfo', () => {
  it('reads what the reference reads', () => {
    let count = 0;
    for (const [name, recorded, bytes, at, end] of recordedContactInfos()) {
      readContactInfo(bytes, at, end, fields);
      const { major, minor, commit, featureSet, client } = fields;
      const patch = fields.channel === 0 ? fields.patch : 0;
      const outset = (BigInt(fields.outsetHigh) << 32n) | BigInt(fields.outsetLow);
      const { pubkey: _pubkey, sockets: _sockets, ...expected } = recorded;
      const found = {
        wallclock: String(fields.wallclock),
        outset: String(outset),
        shredVersion: fields.shredVersion,
        version: { major, minor, patch, commit, featureSet, client },
        gossip: service(0),
        tvu: service(10),
        rpc: service(2),
        tpuQuic: service(8),
      };
      expect(found, name).toEqual(expected);
      expect(bytes[fields.versionAt], name).toBe(major < 128 ? major : (major & 0x7f) | 0x80);
      count++;
    }
    expect(count).toBeGreaterThan(300);
  });

  it('C-060 reads the worked one', () => {
    const { shredVersion, major, minor, channel, patch, commit, featureSet, client } = read(
      worked('contactInfo'),
    );
    expect({ shredVersion, major, minor, channel, patch, commit, featureSet, client }).toEqual({
      shredVersion: 50093,
      major: 4,
      minor: 3,
      channel: 3,
      patch: 1,
      commit: 0x11223344,
      featureSet: 0x55667788,
      client: 3,
    });
    expect([0, 10, 4, 2, 1].map(service)).toEqual([
      '203.0.113.7:8001',
      '203.0.113.7:8000',
      '203.0.113.7:8012',
      '198.51.100.9:8899',
      null,
    ]);
  });

  it('C-029 reads the largest versions', () => {
    const { major, minor, channel, patch, client } = read(
      contactInfo({ version: join('ffff03'.repeat(3), u64(0), 'ffff03') }),
    );
    expect([major, minor, channel, patch, client]).toEqual([65535, 16383, 3, 65535, 65535]);
  });

  it('reads every bit of what may be any number', () => {
    const version = join('040300', 'ffffffff', 'feffffff', 3);
    read(contactInfo({ outset: u64(U64_MAX - 1n), shredVersion: u16(65535), version }));
    const { outsetLow, outsetHigh, shredVersion, commit, featureSet } = fields;
    const ones = 0xffffffff;
    expect([outsetLow, outsetHigh, shredVersion, commit, featureSet]).toEqual([
      ones - 1,
      ones,
      65535,
      ones,
      ones - 1,
    ]);
  });

  const usable: readonly (readonly [name: string, ip: Uint8Array, port: number, string | null])[] =
    [
      ['port 0', v4(1, 2, 3, 4), 0, null],
      ['0.0.0.0', v4(0, 0, 0, 0), 1, null],
      ['the first multicast address', v4(224, 0, 0, 0), 1, null],
      ['the last multicast address', v4(239, 255, 255, 255), 1, null],
      ['below multicast', v4(223, 255, 255, 255), 1, '223.255.255.255:1'],
      ['above multicast', v4(240, 0, 0, 0), 1, '240.0.0.0:1'],
      ['broadcast', v4(255, 255, 255, 255), 1, '255.255.255.255:1'],
      ['loopback', v4(127, 0, 0, 1), 65535, '127.0.0.1:65535'],
    ];
  it.each(usable)('C-049 %s', (_name, address, port, expected) => {
    for (const key of [0, 13]) {
      read(contactInfo({ addresses: [address], sockets: [socket(key, 0, port)] }));
      expect(service(key)).toBe(expected);
      // Absent is both of it.
      expect(fields.socketIp[key] === 0).toBe(expected === null);
      expect(fields.socketPort[key] === 0).toBe(expected === null);
    }
  });

  it('counts the offsets of sockets that it cannot use, and forgets the contact info before', () => {
    const addresses = [v4(1, 2, 3, 4), v4(0, 0, 0, 0)];
    const sockets = [socket(200, 0, 1000), socket(2, 1, 1000), socket(0, 0, 1000), socket(1, 0, 0)];
    read(contactInfo({ addresses, sockets }));
    expect([0, 1, 2].map(service)).toEqual(['1.2.3.4:3000', '1.2.3.4:3000', null]);
    read(contactInfo());
    expect(Array.from(fields.socketPort)).toEqual(new Array(14).fill(0));
    expect(Array.from(fields.socketIp)).toEqual(new Array(14).fill(0));
  });
});

describe('writeContactInfo', () => {
  const written = (info: PlainContactInfo): string => {
    const bytes = new Uint8Array(1232);
    return toHex(bytes, 7, writeContactInfo(bytes, 7, info));
  };
  const version = {
    major: 4,
    minor: 3,
    channel: 3,
    patch: 1,
    commit: 0x11223344,
    featureSet: 0x55667788,
    client: 3,
  };
  const base: PlainContactInfo = {
    pubkey: join(KEY_A),
    wallclock: 1_787_000_000_000,
    outset: 1_786_999_995_000_000,
    shredVersion: 50093,
    version,
    sockets: [],
  };

  it('writes the worked one, whatever the order in which its sockets are given', () => {
    const near = parseIp('203.0.113.7');
    const sockets = [
      { key: 0, ip: near, port: 8001 },
      { key: 2, ip: parseIp('198.51.100.9'), port: 8899 },
      { key: 4, ip: near, port: 8012 },
      { key: 10, ip: near, port: 8000 },
    ];
    const expected = toHex(worked('contactInfo'), 64);
    expect(written({ ...base, sockets })).toBe(expected);
    expect(written({ ...base, sockets: [sockets[3]!, ...sockets.slice(0, 3)] })).toBe(expected);
    expect(written({ ...base, outset: 1_786_999_995_000_000n, sockets })).toBe(expected);
  });

  it('sets one socket after another: a key again replaces, and may take its address along', () => {
    const at = (key: number, ip: number, port: number) => ({ key, ip, port });
    const one = 0x01010101;
    const two = 0x02020202;
    const replaced = [at(0, one, 9), at(1, two, 5), at(0, two, 7), at(3, two, 5)];
    const direct = [at(1, two, 5), at(3, two, 5), at(0, two, 7)];
    expect(written({ ...base, sockets: replaced })).toBe(written({ ...base, sockets: direct }));
    const shared = [at(0, one, 9), at(1, one, 5), at(0, two, 7)];
    const tail = toHex(join(2, v4(1, 1, 1, 1), v4(2, 2, 2, 2), 2, '010005', '000102', 0));
    expect(written({ ...base, sockets: shared }).slice(-tail.length)).toBe(tail);
    // One user of the address is left, among others.
    const among = [at(0, one, 9), at(1, one, 5), at(2, two, 6), at(0, two, 7)];
    const behind = toHex(
      join(2, v4(1, 1, 1, 1), v4(2, 2, 2, 2), 3, '010005', '020101', '000101', 0),
    );
    expect(written({ ...base, sockets: among }).slice(-behind.length)).toBe(behind);
  });

  it('writes again what real nodes wrote', () => {
    let count = 0;
    for (const [name, recorded, bytes, at, end] of recordedContactInfos()) {
      // What the reference's own nodes made; the edges are made by hand and need not be sorted.
      if (!name.startsWith('packets')) continue;
      readContactInfo(bytes, at, end, fields);
      const { major, minor, channel, patch, commit, featureSet, client } = fields;
      const info: PlainContactInfo = {
        pubkey: fromBase58(recorded.pubkey)!,
        wallclock: Number(recorded.wallclock),
        outset: BigInt(recorded.outset),
        shredVersion: recorded.shredVersion,
        version: { major, minor, channel, patch, commit, featureSet, client },
        sockets: recorded.sockets.map(({ key, addr, port }) => ({ key, ip: parseIp(addr), port })),
      };
      expect(written(info), name).toBe(toHex(bytes, at + SIGNATURE.length, end));
      count++;
    }
    expect(count).toBeGreaterThan(100);
  });

  it('is skimmed as it was meant', () => {
    const sockets = [{ key: 13, ip: 0x7f000001, port: 65535 }];
    const bytes = push([join(SIGNATURE, written({ ...base, sockets }))]);
    const columns = createValueColumns(1);
    expect(skim(bytes, 0, bytes.length, new PacketFields(), columns, 0)).toBe(0);
    expect([columns.wallclock[0], columns.flags[0]]).toEqual([base.wallclock, 0]);
  });
});
