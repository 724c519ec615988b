import { toBase58 } from '../../util/base58.ts';
import { readU32 } from '../../util/bytes.ts';
import { Outcome } from '../../util/outcome.ts';
import { decodePacket, decodeValue } from '../../wire/decode.ts';
import type { DecodedMessage, DecodedValue } from '../../wire/decoded.ts';
import {
  KIND_NAMES,
  MAX_VALUES,
  MESSAGE_NAMES,
  Message,
  PUBKEY_BYTES,
  SIGNATURE_BYTES,
  VALUES_HEADER_BYTES,
} from '../../wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../../wire/skim.ts';

/** All that can be read of a packet, also of one whose form is wrong. */
export interface Dissection {
  /** The name that its first four bytes give it, however wrong the rest is. */
  readonly name: string | undefined;
  /** Who sent it; a pull request names nobody but the origin of its value. */
  readonly sender: string | undefined;
  /** Null when the form is wrong before the end of the message. */
  readonly message: DecodedMessage | null;
  /** All values, or those in front of the fault. */
  readonly values: readonly DecodedValue[];
  /** The value that cannot be read. */
  readonly broken: BrokenValue | undefined;
}

/** What is known of a value that cannot be read. */
export interface BrokenValue {
  /** First byte of it. */
  readonly offset: number;
  readonly kind: string | undefined;
  readonly from: string | undefined;
}

const COLUMNS = createValueColumns(MAX_VALUES + 2);
const PULL_REQUEST_VALUE = 12; // bytes from the mask to the value: mask 8, mask bits 4

/** Reads of a packet what can be read. */
export function dissect(bytes: Uint8Array): Dissection {
  const name = messageName(bytes);
  const { outcome, failedAt, message } = decodePacket(bytes);
  if (message) return whole(name, message);
  if (outcome === Outcome.PACKET_TRAILING_BYTES && failedAt !== null) {
    const front = decodePacket(bytes, 0, failedAt).message;
    if (front) return whole(name, front);
  }
  const { values, broken } = readValues(bytes);
  const hasSender =
    name !== undefined && name !== 'PullRequest' && bytes.length >= 4 + PUBKEY_BYTES;
  const sender = hasSender ? toBase58(bytes, 4, 4 + PUBKEY_BYTES) : broken?.from;
  return { name, sender, message: null, values, broken };
}

function whole(name: string | undefined, message: DecodedMessage): Dissection {
  const values = 'values' in message ? message.values : [];
  const sender = 'from' in message ? message.from : values[0]?.from;
  return { name, sender, message, values, broken: undefined };
}

/** The name that a packet's first four bytes give it. */
export function messageName(bytes: Uint8Array): string | undefined {
  return bytes.length < 4 ? undefined : MESSAGE_NAMES[readU32(bytes, 0)];
}

/** The values in front of the fault of a packet that does not decode, and the one that holds it. */
function readValues(bytes: Uint8Array): Pick<Dissection, 'values' | 'broken'> {
  const packet = new PacketFields();
  COLUMNS.length.fill(0);
  COLUMNS.origin.fill(0);
  skim(bytes, 0, bytes.length, packet, COLUMNS, 0);
  const first = firstValueAt(packet);
  if (first === undefined || packet.failedAt < first) return { values: [], broken: undefined };
  const values: DecodedValue[] = [];
  let offset = first;
  let row = 0;
  for (; COLUMNS.length[row]! > 0; row++) {
    const end = offset + COLUMNS.length[row]!;
    const { value } = decodeValue(bytes, offset, end);
    if (value) values.push({ ...value, offset });
    offset = end;
  }
  // A count or a length that promises more than is there fails where no value begins.
  const kindAt = offset + SIGNATURE_BYTES;
  if (offset >= bytes.length) return { values, broken: undefined };
  const kind = kindAt + 4 <= bytes.length ? KIND_NAMES[readU32(bytes, kindAt)] : undefined;
  const origin = COLUMNS.origin[row]!;
  const from = origin > 0 ? toBase58(bytes, origin, origin + PUBKEY_BYTES) : undefined;
  return { values, broken: { offset, kind, from } };
}

/** @returns undefined where the packet has no values or they were not reached */
function firstValueAt(packet: PacketFields): number | undefined {
  if (packet.message === Message.PUSH || packet.message === Message.PULL_RESPONSE) {
    return VALUES_HEADER_BYTES;
  }
  return packet.maskAt > 0 ? packet.maskAt + PULL_REQUEST_VALUE : undefined;
}
