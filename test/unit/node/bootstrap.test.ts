import { describe, expect, it } from 'vitest';
import {
  buildEcho,
  CLUSTER_ENTRYPOINTS,
  type EchoAnswer,
  parseEcho,
  resolveEntrypoint,
} from '../../../src/node/bootstrap.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { fromHex, toHex } from '../../../src/util/bytes.ts';
import { parseIp } from '../../../src/util/ipv4.ts';

const IP = parseIp('203.0.113.7');
const FULL = '00000000 00000000 cb007107 01 9e4e 000000000000000000000000';
const V6 = '20010db8000000000000000000000001';

describe('an ip-echo response', () => {
  const cases: { name: string; hex: string; is: EchoAnswer | 'rpc' | 'malformed' }[] = [
    { name: 'C-150: the frame of 27 bytes', hex: FULL, is: { ip: IP, shredVersion: 20_126 } },
    { name: 'C-154: no padding', hex: FULL.slice(0, 34), is: { ip: IP, shredVersion: 20_126 } },
    {
      name: 'C-155: an old server, without a shred version',
      hex: '0000000000000000cb007107',
      is: { ip: IP, shredVersion: undefined },
    },
    {
      name: 'C-155: the same, padded',
      hex: `0000000000000000cb007107${'00'.repeat(15)}`,
      is: { ip: IP, shredVersion: undefined },
    },
    { name: 'C-156: option tag 2', hex: '0000000000000000cb007107 02 9e4e', is: 'malformed' },
    {
      name: 'C-158: shred version 0',
      hex: '0000000000000000cb007107 01 0000',
      is: { ip: IP, shredVersion: 0 },
    },
    {
      name: 'C-159: IPv6 tells no address of use',
      hex: `00000000 01000000 ${V6} 01 9e4e`,
      is: { ip: 0, shredVersion: 20_126 },
    },
    {
      name: 'IPv6 of an old server',
      hex: `0000000001000000${V6}`,
      is: { ip: 0, shredVersion: undefined },
    },
    { name: 'nothing', hex: '', is: 'malformed' },
    { name: 'three bytes', hex: '000000', is: 'malformed' },
    { name: 'a header alone', hex: '00000000', is: 'malformed' },
    { name: 'another header', hex: `01${FULL.slice(2)}`, is: 'malformed' },
    { name: 'an address of no family', hex: '00000000 02000000 cb007107', is: 'malformed' },
    { name: 'an address cut short', hex: '0000000000000000cb0071', is: 'malformed' },
    { name: 'IPv6 cut short', hex: `0000000001000000${V6.slice(2)}`, is: 'malformed' },
    { name: 'a shred version cut short', hex: '0000000000000000cb007107 01 9e', is: 'malformed' },
    { name: 'HTTP', hex: toHex(Buffer.from('HTTP/1.1 400 Bad Request')), is: 'rpc' },
    { name: 'HTTP and no more', hex: toHex(Buffer.from('HTTP')), is: 'rpc' },
    { name: 'half of HTTP', hex: toHex(Buffer.from('HT')), is: 'malformed' },
  ];
  for (const { name, hex, is } of cases) {
    it(name, () => expect(parseEcho(fromHex(hex.replaceAll(' ', ''))!)).toEqual(is));
  }

  it('that we give is the one that Agave gives', () => {
    expect(toHex(buildEcho(IP, 20_126))).toBe(FULL.replaceAll(' ', ''));
  });

  it('is read from anywhere in a buffer', () => {
    const bytes = new Uint8Array(60).fill(0xee);
    bytes.set(buildEcho(0xffffffff, 65_535), 11);
    const answer = { ip: 0xffffffff, shredVersion: 65_535 };
    expect(parseEcho(bytes.subarray(11, 38))).toEqual(answer);
  });
});

describe('an entrypoint', () => {
  it('given by address needs no name resolution', async () => {
    expect(await resolveEntrypoint('203.0.113.7:8001')).toEqual({
      name: '203.0.113.7:8001',
      ip: IP,
      port: 8001,
    });
  });

  const malformed = [
    '',
    ':',
    ':8001',
    '203.0.113.7',
    '203.0.113.7:',
    '203.0.113.7:0',
    '203.0.113.7:65536',
    '203.0.113.7:80.5',
    '203.0.113.7:-1',
    '203.0.113.7:0x1f41',
    '203.0.113.7: 8001',
    '203.0.113.7:8e3',
    'host:port',
  ];
  for (const name of malformed) {
    it(`"${name}" is refused with an example`, async () => {
      const refusal = await resolveEntrypoint(name).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(SpyError);
      expect((refusal as SpyError).code).toBe('ENTRYPOINT_MALFORMED');
      expect((refusal as SpyError).message).toContain(`"${name}" is no entrypoint`);
      expect((refusal as SpyError).message).toContain('HOST:PORT, for example');
    });
  }

  it('of each known cluster is well-formed', () => {
    expect(Object.keys(CLUSTER_ENTRYPOINTS)).toEqual(['mainnet', 'testnet', 'devnet']);
    for (const [cluster, names] of Object.entries(CLUSTER_ENTRYPOINTS)) {
      expect(names.length, cluster).toBeGreaterThan(1);
      for (const name of names) {
        const pattern = new RegExp(`^entrypoint\\d?\\.${cluster}(-beta)?\\.solana\\.com:8001$`);
        expect(name).toMatch(pattern);
      }
    }
  });
});
