/** What validator code recorded, in tests small enough to run for one mutant after another. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createVerifier } from '../../src/crypto/verify.ts';
import { fromHex, toHex } from '../../src/util/bytes.ts';
import { decodePacket } from '../../src/wire/decode.ts';
import { encodeMessage } from '../../src/wire/encode.ts';
import { type Case, readCases } from '../vectors/cases.ts';
import { judgePacket } from '../vectors/packets.ts';

/** How many tests the recorded packets are spread over. */
const PARTS = 160;

const FILES = ['packets.jsonl.gz', 'edges.jsonl.gz', 'deflate.jsonl.gz'].map((name) =>
  fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url)),
);

const verifier = createVerifier('sodium');
const packets: Case[] = [];
for await (const one of readCases(FILES)) packets.push(one);

for (let part = 0; part < PARTS; part++) {
  it(`recorded packets, part ${part}`, () => {
    for (let i = part; i < packets.length; i += PARTS) {
      const one = packets[i]!;
      expect(judgePacket(one, verifier).difference).toBeUndefined();
      const { message } = decodePacket(fromHex(String(one.json['hex']))!);
      if (message !== null) expect(toHex(encodeMessage(message))).toBe(one.json['hex']);
    }
  });
}
