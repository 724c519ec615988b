import { describe, expect, it } from 'vitest';
import { verdict } from '../../../src/api/verdict.ts';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { createIdentity } from '../../../src/crypto/identity.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { SignedMessages } from '../../../src/tasks/gossip.ts';
import { toBase58 } from '../../../src/util/base58.ts';
import { toHex } from '../../../src/util/bytes.ts';
import { decodePacket } from '../../../src/wire/decode.ts';
import type { DecodedMessage } from '../../../src/wire/decoded.ts';

const verifier = createVerifier('noble');
const identity = createIdentity(new Uint8Array(32).fill(3));
const messages = new SignedMessages(identity);
const from = identity.address;

/** Writes into the middle of a slot of ones, and decodes what stands there. */
function written(write: (out: Uint8Array, at: number) => number): {
  message: DecodedMessage;
  bytes: Uint8Array;
} {
  const out = new Uint8Array(1_400).fill(0xff);
  const length = write(out, 16);
  const bytes = out.slice(16, 16 + length);
  expect(verdict(bytes, verifier).accept).toBe(true);
  expect([...out.subarray(0, 16), ...out.subarray(16 + length)].every((b) => b === 0xff)).toBe(
    true,
  );
  return { message: decodePacket(bytes).message!, bytes };
}

describe('a message of ours is what a strict verifier accepts', () => {
  const token = new Uint8Array(32).map((_, i) => 3 * i);

  it('ping', () => {
    const { message } = written((out, at) => messages.ping(out, at, token));
    expect(message).toMatchObject({ message: 'Ping', from, token: toHex(token) });
  });

  it('pong, to a ping that lies anywhere', () => {
    const ping = new Uint8Array(300);
    ping.set(token, 111);
    const { message } = written((out, at) => messages.pong(out, at, ping, 111));
    const hash = sha256Hex(Buffer.concat([Buffer.from('SOLANA_PING_PONG'), token]));
    expect(message).toMatchObject({ message: 'Pong', from, hash });
  });

  for (const count of [1, 2, 32]) {
    it(`prune of ${count}`, () => {
      const origins = new Uint8Array(32 * 32).map((_, i) => i >> 5);
      const destination = new Uint8Array(40).fill(9);
      const { message, bytes } = written((out, at) =>
        messages.prune(out, at, origins, count, destination, 8, 1_787_000_000_123),
      );
      expect(bytes.length).toBeLessThanOrEqual(1_232);
      expect(message).toMatchObject({
        message: 'PruneMessage',
        from,
        pubkey: from,
        destination: toBase58(destination, 8, 40),
        wallclock: '1787000000123',
      });
      const expected = Array.from({ length: count }, (_, i) =>
        toBase58(new Uint8Array(32).fill(i)),
      );
      expect(message).toHaveProperty('prunes', expected);
    });
  }
});
