import { describe, expect, test } from 'vitest';
import { be32, concat, ethernet, ipv4, ipv6, le32, pcap, udp } from './frames.ts';
import { FRAME, PING, read, sameBytes } from './reading.ts';

describe('link types', () => {
  const cases: readonly { name: string; linkType: number; frame: Uint8Array; ip?: 6 }[] = [
    { name: 'ethernet', linkType: 1, frame: FRAME },
    {
      name: 'ethernet with padding',
      linkType: 1,
      frame: concat(ethernet(ipv4(udp(PING))), new Uint8Array(6)),
    },
    {
      name: 'one VLAN tag',
      linkType: 1,
      frame: ethernet(ipv4(udp(PING)), 0x0800, [0x81, 0, 0, 5]),
    },
    {
      name: 'two VLAN tags',
      linkType: 1,
      frame: ethernet(ipv4(udp(PING)), 0x0800, [0x88, 0xa8, 0, 5, 0x81, 0, 0, 6]),
    },
    { name: 'ethernet IPv6', linkType: 1, frame: ethernet(ipv6(udp(PING)), 0x86dd), ip: 6 },
    { name: 'raw IP', linkType: 101, frame: ipv4(udp(PING)) },
    { name: 'raw IP, old number', linkType: 12, frame: ipv6(udp(PING)), ip: 6 },
    { name: 'raw IPv4', linkType: 228, frame: ipv4(udp(PING)) },
    { name: 'raw IPv6', linkType: 229, frame: ipv6(udp(PING)), ip: 6 },
    {
      name: 'Linux cooked',
      linkType: 113,
      frame: concat(new Uint8Array(14), [8, 0], ipv4(udp(PING))),
    },
    {
      name: 'Linux cooked with a VLAN tag',
      linkType: 113,
      frame: concat(new Uint8Array(14), [0x81, 0, 0, 5, 8, 0], ipv4(udp(PING))),
    },
    {
      name: 'Linux cooked v2',
      linkType: 276,
      frame: concat([0x86, 0xdd], new Uint8Array(18), ipv6(udp(PING))),
      ip: 6,
    },
    {
      name: 'Linux cooked v2 with a VLAN tag',
      linkType: 276,
      frame: concat([0x81, 0], new Uint8Array(18), [0, 5, 8, 0], ipv4(udp(PING))),
    },
    { name: 'BSD loopback', linkType: 0, frame: concat(le32(2), ipv4(udp(PING))) },
    {
      name: 'BSD loopback, other byte order',
      linkType: 0,
      frame: concat(be32(30), ipv6(udp(PING))),
      ip: 6,
    },
    { name: 'OpenBSD loopback', linkType: 108, frame: concat(be32(2), ipv4(udp(PING))) },
    { name: 'IPv4 options', linkType: 101, frame: ipv4(udp(PING), { optionBytes: 12 }) },
    { name: 'IPv4 without a length', linkType: 101, frame: ipv4(udp(PING), { totalBytes: 0 }) },
    { name: 'UDP without a length', linkType: 101, frame: ipv4(udp(PING, 0)) },
    {
      name: 'IPv6 hop-by-hop, routing and destination options',
      linkType: 101,
      frame: ipv6(
        udp(PING),
        0,
        [43, 0, 0, 0, 0, 0, 0, 0, 60, 1].concat(Array(14).fill(0), [17], Array(7).fill(0)),
      ),
      ip: 6,
    },
    {
      name: 'IPv6 authentication header',
      linkType: 101,
      frame: ipv6(udp(PING), 51, [17, 4].concat(Array(22).fill(0))),
      ip: 6,
    },
    {
      name: 'IPv6 fragment that is whole',
      linkType: 101,
      frame: ipv6(udp(PING), 44, [17, 0, 0, 0, 0, 0, 0, 1]),
      ip: 6,
    },
  ];
  for (const { name, linkType, frame, ip } of cases) {
    test(name, async () => {
      const { packets, error } = await read(pcap([{ bytes: frame }], { linkType }));
      expect(error).toBeUndefined();
      expect(packets).toHaveLength(1);
      const packet = packets[0]!;
      expect(sameBytes(packet.payload, PING)).toBe(true);
      expect(packet).toMatchObject({
        number: 1,
        payloadBytes: PING.length,
        source: ip === 6 ? '[2001:db8::1]:8001' : '10.0.0.1:8001',
        destination: ip === 6 ? '[fe80::2]:8000' : '10.0.0.2:8000',
        sourcePort: 8001,
        destinationPort: 8000,
      });
    });
  }
});

describe('frames without a datagram are counted by reason', () => {
  const cases = [
    { name: 'ARP', frame: ethernet(new Uint8Array(28), 0x0806), reason: 'notUdp' },
    { name: '802.3', frame: ethernet(new Uint8Array(46), 46), reason: 'notUdp' },
    { name: 'TCP', frame: ethernet(ipv4(udp(PING), { protocol: 6 })), reason: 'notUdp' },
    { name: 'ICMPv6', frame: ethernet(ipv6(udp(PING), 58), 0x86dd), reason: 'notUdp' },
    {
      name: 'first fragment',
      frame: ethernet(ipv4(udp(PING), { flagsAndOffset: 0x2000 })),
      reason: 'fragment',
    },
    {
      name: 'last fragment',
      frame: ethernet(ipv4(udp(PING), { flagsAndOffset: 100 })),
      reason: 'fragment',
    },
    {
      name: 'IPv6 fragment',
      frame: ethernet(ipv6(udp(PING), 44, [17, 0, 0, 1, 0, 0, 0, 1]), 0x86dd),
      reason: 'fragment',
    },
    { name: 'empty', frame: new Uint8Array(0), reason: 'malformed' },
    { name: 'half an Ethernet header', frame: new Uint8Array(13), reason: 'malformed' },
    {
      name: 'VLAN tags without end',
      frame: ethernet(new Uint8Array(0), 0x8100),
      reason: 'malformed',
    },
    {
      name: 'IPv4 of 19 bytes',
      frame: ethernet(ipv4(udp(PING))).subarray(0, 33),
      reason: 'malformed',
    },
    { name: 'IP version 5', frame: ethernet(concat([0x50], PING)), reason: 'malformed' },
    {
      name: 'UDP shorter than its header',
      frame: ethernet(ipv4(udp(PING, 7))),
      reason: 'malformed',
    },
    {
      name: 'UDP longer than IP says',
      frame: ethernet(ipv4(udp(PING), { totalBytes: 40 })),
      reason: 'malformed',
    },
    {
      name: 'IPv6 extension past the end',
      frame: ethernet(ipv6(new Uint8Array(0), 0, [17, 9, 0, 0, 0, 0, 0, 0]), 0x86dd),
      reason: 'malformed',
    },
  ] as const;
  for (const { name, frame, reason } of cases) {
    test(name, async () => {
      const { packets, counts, error } = await read(pcap([{ bytes: frame }, { bytes: FRAME }]));
      expect(error).toBeUndefined();
      expect(packets.map((packet) => packet.number)).toEqual([2]);
      expect(counts).toMatchObject({ frames: 2, [reason]: 1 });
    });
  }

  test('link type that is not read', async () => {
    const { packets, counts } = await read(pcap([{ bytes: FRAME }], { linkType: 105 }));
    expect(packets).toEqual([]);
    expect(counts).toMatchObject({ frames: 1, otherLink: 1, linkType: 105 });
  });

  test('every frame cut at every byte gives a datagram or one count', async () => {
    const frames = [FRAME, ethernet(ipv6(udp(PING), 0, [17, 0, 0, 0, 0, 0, 0, 0]), 0x86dd)];
    for (const frame of frames) {
      const cut = Array.from({ length: frame.length }, (_, i) => ({ bytes: frame.subarray(0, i) }));
      const { packets, counts, error } = await read(pcap(cut));
      expect(error).toBeUndefined();
      expect(packets.length + counts.malformed).toBe(frame.length);
      expect(counts.cut).toBe(packets.length);
    }
  });
});
