/** Signs made-up datagrams again, so that what is behind a signature gets reached. */
import type { Identity } from '../../src/crypto/identity.ts';
import { SignedMessages } from '../../src/tasks/messages.ts';
import { equalBytes } from '../../src/util/bytes.ts';
import { MAX_VALUES, Message, SIGNATURE_BYTES } from '../../src/wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../../src/wire/skim.ts';

const packet = new PacketFields();
const columns = createValueColumns(MAX_VALUES + 1);

/**
 * Signs whatever one of these identities could have signed: a valid signature over garbage. A datagram that
 * is refused before its signatures matter stays as it is, and so do values that are not in canonical form.
 *
 * @returns a copy; and whether anything was signed
 */
export function resign(
  input: Uint8Array,
  identities: readonly Identity[],
): { bytes: Uint8Array; isSigned: boolean } {
  const bytes = input.slice();
  columns.flags.fill(0);
  if (skim(bytes, 0, bytes.length, packet, columns, 0) !== 0) return { bytes, isSigned: false };
  const ownerOf = (at: number): Identity | undefined =>
    identities.find(({ publicKey }) => equalBytes(publicKey, 0, bytes, at, 32));
  let isSigned = false;
  for (let row = 0; row < packet.valueCount; row++) {
    const at = columns.offset[row]!;
    const owner = ownerOf(columns.origin[row]!);
    if (!owner || columns.flags[row] !== 0) continue;
    owner.sign(bytes, at + SIGNATURE_BYTES, at + columns.length[row]!, bytes, at);
    isSigned = true;
  }
  const sender = ownerOf(packet.sender);
  if (!sender) return { bytes, isSigned };
  const messages = new SignedMessages(sender);
  if (packet.message === Message.PING) {
    messages.ping(bytes, 0, bytes.slice(36, 68));
    isSigned = true;
  } else if (packet.message === Message.PRUNE) {
    const { pruneCount, prunesAt, destinationAt, wallclock } = packet;
    if (pruneCount <= 32) {
      const origins = bytes.slice(prunesAt, prunesAt + 32 * pruneCount);
      const destination = bytes.slice(destinationAt, destinationAt + 32);
      messages.prune(bytes, 0, origins, pruneCount, destination, 0, wallclock);
      isSigned = true;
    }
  }
  return { bytes, isSigned };
}

/**
 * Has an identity say all that a datagram says: its key in every place of one, then its signatures. Behind
 * them validators look at what only whole values reach.
 *
 * @returns a copy, or undefined for a datagram that is refused before its signatures matter
 */
export function claim(input: Uint8Array, identity: Identity): Uint8Array | undefined {
  const bytes = input.slice();
  columns.flags.fill(0);
  if (skim(bytes, 0, bytes.length, packet, columns, 0) !== 0) return undefined;
  for (let row = 0; row < packet.valueCount; row++) {
    bytes.set(identity.publicKey, columns.origin[row]!);
  }
  if (packet.message !== Message.PULL_REQUEST) bytes.set(identity.publicKey, 4);
  if (packet.message === Message.PRUNE) bytes.set(identity.publicKey, 36);
  return resign(bytes, [identity]).bytes;
}
