import type { ValueColumns } from './columns.ts';

export { canonicalizeValue } from './canonical.ts';
export { createValueColumns, VALUE_NOT_CANONICAL, type ValueColumns } from './columns.ts';

/** Message-level fields of the last packet skimmed; offsets are absolute. One instance serves every packet. */
export class PacketFields {
  /** One of `Message`, or -1 when the packet was refused before it was known. */
  message = -1;
  /** The sender's key: of the message, or the caller's of a pull request. */
  sender = 0;
  /** Values in the packet, which are rows from `firstRow` on. */
  valueCount = 0;
  /** After a refusal: the byte at fault (a field cut short counts from its first byte). */
  failedAt = 0;

  // Pull request
  keysAt = 0;
  keyCount = 0;
  /** First byte of the first block. */
  bitsAt = 0;
  /** Blocks of 8 bytes. */
  bitBlocks = 0;
  bitLength = 0;
  maskAt = 0;
  /** Any u32 from 6 on; all from 64 on mean the same. NaN at first, so that V8 keeps a double here. */
  maskBits = Number.NaN;

  // Prune; `signatureAt` also of ping and pong
  prunesAt = 0;
  pruneCount = 0;
  signatureAt = 0;
  destinationAt = 0;
  wallclock = Number.NaN;

  /** Ping: its token. Pong: its hash. */
  tokenAt = 0;
}

/** Skims one datagram. @returns Outcome.OK or a negative Outcome */
export function skim(
  _bytes: Uint8Array,
  _at: number,
  _end: number,
  _packet: PacketFields,
  _columns: ValueColumns,
  _firstRow: number,
): number {
  throw new Error('not written yet');
}

/** Skims one bare value, signature and data, that must end at `end`. @returns Outcome.OK or a negative Outcome */
export function skimValue(
  _bytes: Uint8Array,
  _at: number,
  _end: number,
  _columns: ValueColumns,
  _row: number,
): number {
  throw new Error('not written yet');
}
