import { SOCKET_COUNT } from './limits.ts';

/**
 * Fields of a contact info. One instance is filled again and again.
 * Fields that hold any u32 start as NaN, so that V8 keeps doubles there and never allocates on a store.
 */
export class ContactInfoFields {
  wallclock = Number.NaN;
  outsetLow = Number.NaN;
  outsetHigh = Number.NaN;
  shredVersion = 0;
  /** Offset of the version, which begins with its major number. */
  versionAt = 0;
  major = 0;
  minor = 0;
  /** 0 stable, 1 rc, 2 beta, 3 alpha. */
  channel = 0;
  /** Patch of a stable release, otherwise the number of the pre-release. */
  patch = 0;
  commit = Number.NaN;
  featureSet = Number.NaN;
  client = 0;
  /** IPv4 address by socket key, a.b.c.d as a << 24 | … >>> 0; 0 when absent or unusable. */
  readonly socketIp = new Uint32Array(SOCKET_COUNT);
  /** Port by socket key; 0 when absent or unusable. */
  readonly socketPort = new Uint16Array(SOCKET_COUNT);
}

/** Reads a contact info that skim accepted; `at` is the start of the value, its signature. */
export function readContactInfo(
  _bytes: Uint8Array,
  _at: number,
  _end: number,
  _out: ContactInfoFields,
): void {
  throw new Error('not written yet');
}
