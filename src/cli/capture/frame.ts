/** One frame as a capture file holds it, before anything in it was looked at. */
export interface Frame {
  /** LINKTYPE of the interface it was seen on. */
  readonly linkType: number;
  /** Milliseconds since the Unix epoch with fractions; undefined when the file does not say. */
  readonly timeMs: number | undefined;
  /** What was captured of it. */
  readonly bytes: Uint8Array;
  /** How long it was on the wire. */
  readonly wireBytes: number;
}

/**
 * Bytes of one record beyond which a file is damaged rather than generous: the largest snapshot length that
 * libpcap sets by itself.
 */
export const MAX_FRAME_BYTES = 262_144;

/** A 32-bit unsigned integer in either byte order. */
export function u32(bytes: Uint8Array, at: number, bigEndian: boolean): number {
  return (
    (bigEndian ? u16(bytes, at, true) * 65536 + u16(bytes, at + 2, true) : low32(bytes, at)) >>> 0
  );
}

/** A 16-bit unsigned integer in either byte order. */
export function u16(bytes: Uint8Array, at: number, bigEndian: boolean): number {
  return bigEndian ? (bytes[at]! << 8) | bytes[at + 1]! : bytes[at]! | (bytes[at + 1]! << 8);
}

function low32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at, false) + u16(bytes, at + 2, false) * 65536;
}
