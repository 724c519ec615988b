/** Builds small captures byte by byte: what the readers are tested against. */

/** Bytes given as arrays and numbers, put together. */
export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

export const be16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];
export const le16 = (value: number): number[] => be16(value).reverse();
export const be32 = (value: number): number[] => [
  ...be16(Math.floor(value / 65536)),
  ...be16(value % 65536),
];
export const le32 = (value: number): number[] => be32(value).reverse();

const word32 = (bigEndian: boolean) => (bigEndian ? be32 : le32);
const word16 = (bigEndian: boolean) => (bigEndian ? be16 : le16);

export function udp(payload: Uint8Array, lengthField = 8 + payload.length): Uint8Array {
  return concat(be16(8001), be16(8000), be16(lengthField), [0, 0], payload);
}

export interface Ipv4Form {
  optionBytes?: number;
  flagsAndOffset?: number;
  protocol?: number;
  totalBytes?: number;
}

/** From 10.0.0.1 to 10.0.0.2. */
export function ipv4(body: Uint8Array, form: Ipv4Form = {}): Uint8Array {
  const { optionBytes = 0, flagsAndOffset = 0x4000, protocol = 17 } = form;
  const { totalBytes = 20 + optionBytes + body.length } = form;
  return concat(
    [0x45 + optionBytes / 4, 0, ...be16(totalBytes), 0, 1, ...be16(flagsAndOffset), 64, protocol],
    [0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
    new Uint8Array(optionBytes),
    body,
  );
}

/** From 2001:db8::1 to fe80::2, with extension headers before the body. */
export function ipv6(body: Uint8Array, next = 17, extensions: number[] = []): Uint8Array {
  return concat(
    [0x60, 0, 0, 0, ...be16(extensions.length + body.length), next, 64],
    [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    extensions,
    body,
  );
}

export function ethernet(body: Uint8Array, etherType = 0x0800, tags: number[] = []): Uint8Array {
  return concat(new Uint8Array(12), tags, be16(etherType), body);
}

export interface PcapFrame {
  bytes: Uint8Array;
  seconds?: number;
  fraction?: number;
  wireBytes?: number;
}

/** A pcap file; `magic` is written in the byte order of the file. */
export function pcap(
  frames: readonly PcapFrame[],
  { bigEndian = false, magic = 0xa1b2c3d4, linkType = 1 } = {},
): Uint8Array {
  const u32 = word32(bigEndian);
  const u16 = word16(bigEndian);
  return concat(
    u32(magic),
    u16(2),
    u16(4),
    u32(0),
    u32(0),
    u32(262144),
    u32(linkType),
    ...frames.map(({ bytes, seconds = 1_700_000_000, fraction = 0, wireBytes }) =>
      concat(u32(seconds), u32(fraction), u32(bytes.length), u32(wireBytes ?? bytes.length), bytes),
    ),
  );
}

/** One block of a pcapng file, padded. */
export function block(type: number, body: Uint8Array, bigEndian = false): Uint8Array {
  const u32 = word32(bigEndian);
  const padded = concat(body, new Uint8Array((4 - (body.length % 4)) % 4));
  const size = u32(12 + padded.length);
  return concat(u32(type), size, padded, size);
}

export function sectionBlock(bigEndian = false): Uint8Array {
  const u32 = word32(bigEndian);
  const u16 = word16(bigEndian);
  const body = concat(u32(0x1a2b3c4d), u16(1), u16(0), u32(0xffffffff), u32(0xffffffff));
  return block(0x0a0d0d0a, body, bigEndian);
}

export function interfaceBlock(
  linkType: number,
  { bigEndian = false, snapBytes = 0, options = [] as number[] } = {},
): Uint8Array {
  const body = concat(word16(bigEndian)(linkType), [0, 0], word32(bigEndian)(snapBytes), options);
  return block(1, body, bigEndian);
}

/** An option of an interface block, padded. */
export function option(code: number, value: readonly number[], bigEndian = false): number[] {
  const u16 = word16(bigEndian);
  const padding = new Array<number>((4 - (value.length % 4)) % 4).fill(0);
  return [...u16(code), ...u16(value.length), ...value, ...padding];
}

export function enhancedBlock(
  bytes: Uint8Array,
  { bigEndian = false, index = 0, units = 0n, wireBytes = bytes.length } = {},
): Uint8Array {
  const u32 = word32(bigEndian);
  const high = Number(units >> 32n);
  const low = Number(units & 0xffffffffn);
  const fields = concat(u32(index), u32(high), u32(low), u32(bytes.length), u32(wireBytes));
  return block(6, concat(fields, bytes), bigEndian);
}
