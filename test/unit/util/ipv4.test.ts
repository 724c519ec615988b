import { describe, expect, it } from 'vitest';
import {
  formatAddress,
  formatIp,
  isLoopback,
  isMulticast,
  isPrivate,
  isReachable,
  LOOPBACK_IP,
  parseIp,
} from '../../../src/util/ipv4.ts';
import { seededRng } from '../../../src/util/rng.ts';

describe('an address in text', () => {
  const cases = [
    { text: '0.0.0.0', ip: 0 },
    { text: '127.0.0.1', ip: LOOPBACK_IP },
    { text: '1.2.3.4', ip: 0x01020304 },
    { text: '255.255.255.255', ip: 0xffffffff },
    { text: '128.0.0.1', ip: 0x80000001 },
  ];
  for (const { text, ip } of cases) {
    it(text, () => {
      expect(parseIp(text)).toBe(ip);
      expect(formatIp(ip)).toBe(text);
      expect(formatAddress(ip, 8001)).toBe(`${text}:8001`);
    });
  }

  const none = [
    '',
    '.',
    '1',
    '1.2.3',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '999.1.1.1',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.-4',
    '1.2.3.4:80',
    '0x7f.0.0.1',
    '::1',
    '::ffff:1.2.3.4',
    'localhost',
    '１.2.3.4',
  ];
  for (const text of none) it(`"${text}" is none`, () => expect(parseIp(text)).toBe(-1));

  it('any number comes back', () => {
    const rng = seededRng(1);
    for (let i = 0; i < 1_000; i++) {
      const ip = rng.u32();
      expect(parseIp(formatIp(ip)), formatIp(ip)).toBe(ip);
    }
  });
});

describe('networks', () => {
  const cases = [
    { name: 'loopback', is: isLoopback, first: '127.0.0.0', last: '127.255.255.255' },
    { name: 'multicast', is: isMulticast, first: '224.0.0.0', last: '239.255.255.255' },
    { name: 'private 10/8', is: isPrivate, first: '10.0.0.0', last: '10.255.255.255' },
    { name: 'private 172.16/12', is: isPrivate, first: '172.16.0.0', last: '172.31.255.255' },
    { name: 'private 192.168/16', is: isPrivate, first: '192.168.0.0', last: '192.168.255.255' },
  ];
  for (const { name, is, first, last } of cases) {
    it(`${name}: from ${first} to ${last}`, () => {
      const [from, to] = [parseIp(first), parseIp(last)];
      expect([from - 1, from, to, to + 1].map((ip) => is(ip >>> 0))).toEqual([
        false,
        true,
        true,
        false,
      ]);
    });
  }
});

describe('what a datagram may be addressed to', () => {
  const cases = [
    { address: '198.51.100.1', port: 8001, open: true, allowed: true },
    { address: '198.51.100.1', port: 0, open: false, allowed: false },
    { address: '0.0.0.0', port: 8001, open: false, allowed: false },
    { address: '224.0.0.1', port: 8001, open: false, allowed: false },
    { address: '255.255.255.255', port: 8001, open: false, allowed: false },
    { address: '127.0.0.1', port: 8001, open: false, allowed: true },
    { address: '10.0.0.1', port: 8001, open: false, allowed: true },
    { address: '100.64.0.1', port: 8001, open: true, allowed: true },
    { address: '169.254.0.1', port: 8001, open: true, allowed: true },
    { address: '240.0.0.1', port: 65_535, open: true, allowed: true },
  ];
  for (const { address, port, open, allowed } of cases) {
    it(`${address}:${port}`, () => {
      const ip = parseIp(address);
      expect([isReachable(ip, port, false), isReachable(ip, port, true)]).toEqual([open, allowed]);
    });
  }
});
