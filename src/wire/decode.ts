import { outcomeStage } from '../util/outcome.ts';
import { readData } from './decode-value.ts';
import type { DecodedMessage, DecodedValue } from './decoded.ts';
import { MAX_VALUES, Message } from './limits.ts';
import { Reader } from './reader.ts';
import { createValueColumns, PacketFields, skim, skimValue, VALUE_NOT_CANONICAL } from './skim.ts';

/** What became of a packet's bytes. */
export interface DecodedPacket {
  /** `Outcome.OK` or what the packet was refused for, signatures not looked at. */
  outcome: number;
  /** The byte at fault, counted from the start of the packet; null when nothing is. */
  failedAt: number | null;
  /** What the packet says: also of one whose form is right and that says what is not allowed. */
  message: DecodedMessage | null;
}

const PACKET = new PacketFields();
const COLUMNS = createValueColumns(MAX_VALUES);

/**
 * Decodes a whole datagram. Any bytes may be given: skimming decides what is accepted, this only reads.
 *
 * @units at, end: byte offsets into `bytes`
 */
export function decodePacket(bytes: Uint8Array, at = 0, end = bytes.length): DecodedPacket {
  COLUMNS.flags.fill(0);
  const outcome = skim(bytes, at, end, PACKET, COLUMNS, 0);
  const failedAt = outcome === 0 ? null : PACKET.failedAt - at;
  const wellFormed = outcome === 0 || outcomeStage(outcome) === 'sanitize';
  return { outcome, failedAt, message: wellFormed ? readMessage(bytes, at) : null };
}

/**
 * Decodes one bare value, signature and data, that ends at `end`.
 *
 * @returns the value, or the outcome it was refused with
 */
export function decodeValue(
  bytes: Uint8Array,
  at = 0,
  end = bytes.length,
): { outcome: number; value: DecodedValue | null } {
  COLUMNS.flags.fill(0);
  const outcome = skimValue(bytes, at, end, COLUMNS, 0);
  if (outcome !== 0 && outcomeStage(outcome) !== 'sanitize') return { outcome, value: null };
  return { outcome, value: readValue(new Reader(bytes, at), at, 0) };
}

/** Reads the value of row `row`, which begins where the reader stands. */
function readValue(reader: Reader, start: number, row: number): DecodedValue {
  const offset = reader.at - start;
  const signature = reader.signature();
  const data = readData(reader);
  const length = reader.at - start - offset;
  const canonical = (COLUMNS.flags[row]! & VALUE_NOT_CANONICAL) === 0;
  return Object.assign(data, { signature, offset, length, canonical }); // a copy would ask for the slots
}

function readMessage(bytes: Uint8Array, start: number): DecodedMessage {
  const reader = new Reader(bytes, start);
  const message = reader.u32();
  switch (message) {
    case Message.PULL_REQUEST:
      return readPullRequest(reader, start);
    case Message.PULL_RESPONSE:
    case Message.PUSH:
      return {
        message: message === Message.PUSH ? 'PushMessage' : 'PullResponse',
        from: reader.key(),
        values: reader.list(reader.count(), (_, row) => readValue(reader, start, row)),
      };
    case Message.PRUNE:
      return {
        message: 'PruneMessage',
        from: reader.key(),
        pubkey: reader.key(),
        prunes: reader.list(reader.count(), () => reader.key()),
        signature: reader.signature(),
        destination: reader.key(),
        wallclock: String(reader.u64()),
      };
    case Message.PING:
      return {
        message: 'Ping',
        from: reader.key(),
        token: reader.hex(32),
        signature: reader.signature(),
      };
    default: // the last message that skimming lets pass
      return {
        message: 'Pong',
        from: reader.key(),
        hash: reader.hex(32),
        signature: reader.signature(),
      };
  }
}

function readPullRequest(reader: Reader, start: number): DecodedMessage {
  const filter = {
    keys: reader.list(reader.count(), () => String(reader.u64())),
    bitmap: reader.bitVec(8),
    bitsSet: String(reader.u64()),
    mask: String(reader.u64()),
    maskBits: reader.u32(),
  };
  return { message: 'PullRequest', filter, values: [readValue(reader, start, 0)] };
}
