import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fromHex } from '../../../src/util/bytes.ts';

/** One value of an accepted packet, as the reference sees it; kind-specific fields left out. */
export interface RecordedValue {
  readonly kind: string;
  readonly length: number;
  readonly sha256: string;
  readonly index?: number;
  readonly from?: string;
  readonly wallclock?: string;
  readonly contactInfo?: RecordedContactInfo;
}

/** What the reference reads in a contact info. */
export interface RecordedContactInfo {
  readonly pubkey: string;
  readonly wallclock: string;
  readonly outset: string;
  readonly shredVersion: number;
  readonly version: {
    readonly major: number;
    readonly minor: number;
    readonly patch: number;
    readonly commit: number;
    readonly featureSet: number;
    readonly client: number;
  };
  readonly sockets: readonly {
    readonly key: number;
    readonly addr: string;
    readonly port: number;
  }[];
  readonly gossip: string | null;
  readonly tvu: string | null;
  readonly rpc: string | null;
  readonly tpuQuic: string | null;
}

/** A packet with the verdict of Agave 4.4. */
export interface RecordedPacket {
  /** File and line, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** How far it gets: the stage that refuses it, or accepted. */
  readonly stage: 'accepted' | 'decode' | 'sanitize' | 'signature';
  readonly content?: {
    readonly message: string;
    readonly from?: string;
    readonly values?: readonly RecordedValue[];
    readonly maskBits?: number;
    readonly bloomKeys?: number;
    readonly bloomBits?: number;
    readonly prunes?: readonly string[];
    readonly destination?: string;
    readonly wallclock?: string;
    readonly token?: string;
    readonly hash?: string;
  };
}

const FIXTURES = new URL('../../fixtures/', import.meta.url);

/** Lines of one of the compressed fixtures. */
export function recordedLines(file: string): string[] {
  return gunzipSync(readFileSync(new URL(file, FIXTURES)))
    .toString('utf8')
    .trim()
    .split('\n');
}

/** All packets of a fixture of packets. */
export function recordedPackets(file: 'packets.jsonl.gz' | 'edges.jsonl.gz'): RecordedPacket[] {
  return recordedLines(file).map((line, i) => {
    const { hex, accept, stage, content, name } = JSON.parse(line);
    return {
      name: `${file}:${i + 1} ${name ?? ''}`,
      bytes: fromHex(hex)!,
      stage: accept ? 'accepted' : stage,
      content,
    };
  });
}
