import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readCapture } from '../src/cli/capture/read-capture.ts';
import { fromHex } from '../src/util/bytes.ts';
import { PACKET_BYTES } from '../src/wire/limits.ts';
import { type Mode, ROOT } from './harness.ts';

/** Datagrams as the receive ring holds them: in shared memory, one slot each. */
export interface Packets {
  readonly bytes: Uint8Array;
  /** First byte of each. */
  readonly at: Uint32Array;
  /** Offset behind the last byte of each. */
  readonly end: Uint32Array;
  readonly count: number;
}

/** Inputs of a smoke run: a handful. */
export function limit(mode: Mode, full: number, smoke: number): number {
  return mode === 'full' ? full : smoke;
}

function fixture(name: string): Uint8Array {
  return readFileSync(join(ROOT, 'test', 'fixtures', name));
}

function place(payloads: readonly Uint8Array[]): Packets {
  const bytes = new Uint8Array(new SharedArrayBuffer(payloads.length * PACKET_BYTES));
  const at = new Uint32Array(payloads.length);
  const end = new Uint32Array(payloads.length);
  for (const [i, payload] of payloads.entries()) {
    at[i] = i * PACKET_BYTES;
    end[i] = i * PACKET_BYTES + payload.length;
    bytes.set(payload, at[i]);
  }
  return { bytes, at, end, count: payloads.length };
}

/** What five validators said to each other: the mix of messages that a node really gets. */
export async function livePackets(most: number): Promise<Packets> {
  const payloads: Uint8Array[] = [];
  for await (const { payload } of readCapture(fixture('cluster.pcap.gz'))) {
    if (payload.length <= PACKET_BYTES) payloads.push(payload);
    if (payloads.length === most) break;
  }
  return place(payloads);
}

/** A line of the packet vectors, as far as the benches care. */
interface PacketVector {
  readonly hex: string;
  readonly accept: boolean;
  readonly stage?: string;
}

/** Packets of every message and kind, either those that pass or those that decoding or its rules refuse. */
export function vectorPackets(most: number, accepted: boolean): Packets {
  const lines = gunzipSync(fixture('packets.jsonl.gz')).toString().trim().split('\n');
  const payloads = lines
    .map((line) => JSON.parse(line) as PacketVector)
    .filter(({ accept, stage }) => (accepted ? accept : !accept && stage !== 'signature'))
    .map(({ hex }) => fromHex(hex) ?? new Uint8Array(0))
    .filter(({ length }) => length > 0 && length <= PACKET_BYTES)
    .slice(0, most);
  return place(payloads);
}
