import { describe, expect, it } from 'vitest';
import { firstDifference } from '../../../scripts/vectors/difference.ts';
import { describeValue } from '../../../src/api/value-json.ts';
import { verdict } from '../../../src/api/verdict.ts';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { createIdentity } from '../../../src/crypto/identity.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { fromHex } from '../../../src/util/bytes.ts';
import type { Sign } from '../../../src/wire/decoded.ts';
import { join, KEY_A, KEY_B, leb, repeat, u32, u64, worked } from '../wire/parts.ts';
import { recordedLines } from '../wire/recorded.ts';

const verifier = createVerifier('sodium');
const identity = createIdentity(new Uint8Array(32).fill(1));
const sign: Sign = (message) => {
  const signature = new Uint8Array(64);
  identity.sign(message, 0, message.length, signature, 0);
  return signature;
};
const judge = (packet: Uint8Array) => verdict(packet, verifier);
const push = (...values: Uint8Array[]): Uint8Array =>
  join(u32(2), KEY_B, u64(values.length), ...values);

/** The packet with one byte changed. */
function changed(packet: Uint8Array, at: number): Uint8Array {
  const copy = packet.slice();
  copy[at]! ^= 1;
  return copy;
}

describe('accepted', () => {
  it('a ping, in exactly these fields', () => {
    expect(judge(worked('ping'))).toEqual({
      accept: true,
      outcome: 'OK',
      content: {
        message: 'Ping',
        from: 'AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9',
        token: `0102030405060708${'00'.repeat(24)}`,
      },
    });
  });

  it('a pull request, which has no sender of its own', () => {
    const judged = judge(worked('pullRequest'));
    if (!judged.accept) return expect.fail(judged.outcome);
    const { values, ...rest } = judged.content;
    expect(rest).toEqual({
      message: 'PullRequest',
      mask: String(0xe3ffffffffffffffn),
      maskBits: 6,
      bloomKeys: 3,
      bloomBits: 100,
    });
    expect(values).toEqual([describeValue(worked('contactInfo'))]);
  });

  it('a prune signed in either form', () => {
    const plain = worked('prune');
    const prefixed = plain.slice();
    prefixed.set(worked('prunePrefixedSignature'), 108);
    const [one, other] = [judge(plain), judge(prefixed)];
    expect(one.accept).toBe(true);
    expect(other).toEqual(one);
  });

  it('a vote by a key whose transaction nobody checks', () => {
    const vote = worked('vote').slice();
    vote.fill(0, 102, 166);
    vote.set(sign(vote.subarray(64)), 0);
    const judged = judge(push(vote));
    expect(judged.accept && judged.content.values?.[0]?.['txSignatures']).toEqual(['1'.repeat(64)]);
  });

  it('a push without values', () => {
    const judged = judge(push());
    expect(judged.accept && judged.content.values).toEqual([]);
  });
});

/** A contact info with extensions as given, unsigned. */
const contactInfo = (extensions: Uint8Array): Uint8Array =>
  join(u32(11), KEY_A, leb(1), u64(1), '0100', '040300', u32(0), u32(0), '03', '0000', extensions);

describe('a value that a validator would write differently', () => {
  const plain = contactInfo(join('00'));
  const extended = contactInfo(join('01', '07', '02', '6162'));

  it('is refused when its signature is over what was sent', () => {
    const judged = judge(push(join(sign(extended), extended)));
    expect(judged).toEqual({
      accept: false,
      stage: 'signature',
      outcome: 'VALUE_SIGNATURE',
      at: 44,
    });
  });

  it('is accepted, and known by the hash of what would be written, when the signature is over that', () => {
    const packet = push(join(sign(plain), extended));
    const before = packet.slice();
    const judged = judge(packet);
    if (!judged.accept) return expect.fail(judged.outcome);
    const written = join(sign(plain), plain);
    expect(judged.content.values?.[0]).toMatchObject({
      length: written.length,
      sha256: sha256Hex(written),
    });
    expect(packet, 'the packet itself is left alone').toEqual(before);
  });

  it('is described by what would be written', () => {
    const value = join(sign(plain), extended);
    const shown = describeValue(value, 0, value.length, { bytes: true });
    expect(fromHex(shown?.bytes ?? '')).toEqual(join(sign(plain), plain));
  });
});

describe('refused', () => {
  const ci = worked('contactInfo');
  const twoValues = worked('push');
  const removed = changed(push(ci, ci), 44 + 163 + 64);
  const cases = [
    { name: 'nothing', packet: new Uint8Array(0), stage: 'decode', outcome: 'PACKET_EMPTY', at: 0 },
    {
      name: 'too much',
      packet: repeat('00', 1233),
      stage: 'decode',
      outcome: 'PACKET_TOO_LONG',
      at: 1232,
    },
    {
      name: 'a cut',
      packet: worked('ping').subarray(0, 131),
      stage: 'decode',
      outcome: 'PACKET_TRUNCATED',
      at: 131,
    },
    {
      name: 'a byte too many',
      packet: join(worked('ping'), '00'),
      stage: 'decode',
      outcome: 'PACKET_TRAILING_BYTES',
      at: 132,
    },
    {
      name: 'a removed kind behind a good value',
      packet: join(removed.subarray(0, 44 + 163 + 64), u32(8), '00'.repeat(90)),
      stage: 'decode',
      outcome: 'VALUE_KIND_REMOVED',
      at: 271,
    },
    {
      name: 'a prune whose sender is not its signer',
      packet: changed(worked('prune'), 4),
      stage: 'sanitize',
      outcome: 'PRUNE_SENDER_MISMATCH',
      at: 36,
    },
    {
      name: 'a ping',
      packet: changed(worked('ping'), 40),
      stage: 'signature',
      outcome: 'PING_SIGNATURE',
      at: 68,
    },
    {
      name: 'a pong',
      packet: changed(worked('pong'), 40),
      stage: 'signature',
      outcome: 'PONG_SIGNATURE',
      at: 68,
    },
    {
      name: 'a prune',
      packet: changed(worked('prune'), 80),
      stage: 'signature',
      outcome: 'PRUNE_SIGNATURE',
      at: 108,
    },
    {
      name: 'the second of two values',
      packet: changed(twoValues, 190),
      stage: 'signature',
      outcome: 'VALUE_SIGNATURE',
      at: 185,
    },
    {
      name: 'a rule before a signature',
      packet: join(changed(twoValues, 50).subarray(0, -8), u64(10n ** 15n)),
      stage: 'sanitize',
      outcome: 'WALLCLOCK_OVER_LIMIT',
      at: 373,
    },
    {
      name: 'a value of the zero key with the zero signature',
      packet: push(join('00'.repeat(64), u32(13), '00'.repeat(90))),
      stage: 'signature',
      outcome: 'VALUE_SIGNATURE',
      at: 44,
    },
  ];
  for (const { name, packet, ...expected } of cases) {
    it(name, () => expect(judge(packet)).toEqual({ accept: false, ...expected }));
  }
});

describe('values of a table', () => {
  const lines = recordedLines('cluster-tables.jsonl.gz');

  it('are described as validators describe theirs', () => {
    expect(lines.length).toBe(460);
    for (const line of lines) {
      const { node, ...expected } = JSON.parse(line);
      const shown = describeValue(fromHex(expected.bytes)!, 0, undefined, { bytes: true });
      expect(firstDifference(expected, shown), `${node} ${expected.sha256}`).toBeUndefined();
    }
  });

  it('are nothing where no value is', () => {
    expect(describeValue(new Uint8Array(200))).toBeUndefined();
    expect(describeValue(worked('vote').subarray(0, 300))).toBeUndefined();
  });
});
