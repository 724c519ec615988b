import { unreachable } from '../util/assert.ts';
import type { DecodedMessage, DecodedPrune, DecodedPullRequest } from './decoded.ts';
import { writeValue } from './encode-value.ts';
import { MESSAGE_NAMES } from './limits.ts';
import { Writer } from './writer.ts';

/** Encodes a decoded message: the same bytes that it was decoded from. For tools and tests. */
export function encodeMessage(message: DecodedMessage): Uint8Array {
  const writer = new Writer();
  writer.u32(MESSAGE_NAMES.indexOf(message.message));
  switch (message.message) {
    case 'PullRequest':
      writePullRequest(writer, message);
      break;
    case 'PullResponse':
    case 'PushMessage':
      writer.key(message.from);
      writer.u64(message.values.length);
      for (const value of message.values) writeValue(writer, value);
      break;
    case 'PruneMessage':
      writePrune(writer, message);
      break;
    case 'Ping':
      writer.key(message.from);
      writer.hex(message.token);
      writer.signature(message.signature);
      break;
    case 'Pong':
      writer.key(message.from);
      writer.hex(message.hash);
      writer.signature(message.signature);
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

function writePullRequest(writer: Writer, { filter, values }: DecodedPullRequest): void {
  writer.u64(filter.keys.length);
  for (const key of filter.keys) writer.u64(key);
  writer.bitVec(filter.bitmap, 8);
  writer.u64(filter.bitsSet);
  writer.u64(filter.mask);
  writer.u32(filter.maskBits);
  for (const value of values) writeValue(writer, value);
}

function writePrune(writer: Writer, prune: DecodedPrune): void {
  writer.key(prune.from);
  writer.key(prune.pubkey);
  writer.u64(prune.prunes.length);
  for (const origin of prune.prunes) writer.key(origin);
  writer.signature(prune.signature);
  writer.key(prune.destination);
  writer.u64(prune.wallclock);
}
