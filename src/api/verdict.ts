import type { Verifier } from '../crypto/verifier.ts';
import { unreachable } from '../util/assert.ts';
import { fromBase58 } from '../util/base58.ts';
import { Outcome, type OutcomeName, outcomeName, outcomeStage } from '../util/outcome.ts';
import { decodePacket } from '../wire/decode.ts';
import type { DecodedMessage, DecodedPrune, DecodedValue } from '../wire/decoded.ts';
import {
  PING_SIGNATURE_AT,
  PING_SIGNED_AT,
  pruneSignatureAt,
  pruneSignedBytes,
  writePruneSignedBytes,
} from '../wire/encode.ts';
import { SIGNATURE_BYTES } from '../wire/limits.ts';
import { canonicalBytes, type ValueJson, valueJson } from './value-json.ts';

/** What an accepted packet says, in the form that packets are recorded in. */
export interface MessageJson {
  message: DecodedMessage['message'];
  /** Sender of the packet; a pull request has none but its value's origin. */
  from?: string;
  values?: ValueJson[];
  [field: string]: unknown;
}

/** What a validator does with a packet, in the form that packets are recorded in, and why. */
export type Verdict =
  | { accept: true; content: MessageJson; outcome: OutcomeName }
  | {
      accept: false;
      /** The first test that fails. */
      stage: 'decode' | 'sanitize' | 'signature';
      outcome: OutcomeName;
      /** The byte at fault: of the field, the first one missing, or of the signature that is not good. */
      at: number;
    };

/**
 * Judges a datagram as a validator does: its form, then its rules, then every signature. One bad signature
 * refuses the packet. What is verified and hashed is what a validator would write again, not what came.
 */
export function verdict(bytes: Uint8Array, verifier: Verifier): Verdict {
  const { outcome, failedAt, message } = decodePacket(bytes);
  if (outcome !== Outcome.OK || message === null) {
    const stage = outcomeStage(outcome) === 'sanitize' ? 'sanitize' : 'decode';
    return { accept: false, stage, outcome: outcomeName(outcome), at: failedAt ?? 0 };
  }
  const refused = (code: number, at: number): Verdict => ({
    accept: false,
    stage: 'signature',
    outcome: outcomeName(code),
    at,
  });
  const accepted = (content: Omit<MessageJson, 'message'>): Verdict => ({
    accept: true,
    content: { message: message.message, ...content },
    outcome: 'OK',
  });
  switch (message.message) {
    case 'PullRequest':
    case 'PullResponse':
    case 'PushMessage': {
      const values: ValueJson[] = [];
      for (const value of message.values) {
        const canonical = canonicalBytes(bytes, value.offset, value.offset + value.length);
        if (!valueVerifies(value, canonical, verifier)) {
          return refused(Outcome.VALUE_SIGNATURE, value.offset);
        }
        values.push(valueJson(value, canonical));
      }
      return accepted({ ...envelope(message), values });
    }
    case 'PruneMessage': {
      const { from, prunes, destination, wallclock } = message;
      if (!pruneVerifies(message, bytes, verifier)) {
        return refused(Outcome.PRUNE_SIGNATURE, pruneSignatureAt(prunes.length));
      }
      return accepted({ from, prunes, destination, wallclock });
    }
    case 'Ping':
      if (!pingVerifies(bytes, verifier)) return refused(Outcome.PING_SIGNATURE, PING_SIGNATURE_AT);
      return accepted({ from: message.from, token: message.token });
    case 'Pong':
      if (!pingVerifies(bytes, verifier)) return refused(Outcome.PONG_SIGNATURE, PING_SIGNATURE_AT);
      return accepted({ from: message.from, hash: message.hash });
    default:
      return unreachable(message);
  }
}

/** What a message with values says besides them. */
function envelope(
  message: Extract<DecodedMessage, { values: DecodedValue[] }>,
): Omit<MessageJson, 'message'> {
  if (message.message !== 'PullRequest') return { from: message.from };
  const { keys, bitmap, mask, maskBits } = message.filter;
  return { mask, maskBits, bloomKeys: keys.length, bloomBits: bitmap.bits };
}

/** Whether a value was signed by its origin: over its data, in the form that validators would write. */
function valueVerifies(value: DecodedValue, canonical: Uint8Array, verifier: Verifier): boolean {
  const key = fromBase58(value.from);
  if (!key) return false;
  return verifier.verify(key, 0, canonical, 0, canonical, SIGNATURE_BYTES, canonical.length);
}

function pruneVerifies(prune: DecodedPrune, bytes: Uint8Array, verifier: Verifier): boolean {
  const count = prune.prunes.length;
  const signed = new Uint8Array(pruneSignedBytes(count));
  const signatureAt = pruneSignatureAt(count);
  const keyAt = 4; // the sender, which the rules found to be the signer
  return (['plain', 'prefixed'] as const).some((form) => {
    const end = writePruneSignedBytes(bytes, 0, count, form, signed, 0);
    return verifier.verify(bytes, keyAt, bytes, signatureAt, signed, 0, end);
  });
}

function pingVerifies(bytes: Uint8Array, verifier: Verifier): boolean {
  const keyAt = 4;
  return verifier.verify(
    bytes,
    keyAt,
    bytes,
    PING_SIGNATURE_AT,
    bytes,
    PING_SIGNED_AT,
    PING_SIGNATURE_AT,
  );
}
