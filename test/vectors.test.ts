import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Case, readCases } from '../scripts/vectors/cases.ts';
import { judgePacket } from '../scripts/vectors/packets.ts';
import { judgeSignature } from '../scripts/vectors/signatures.ts';
import { createVerifier } from '../src/crypto/verify.ts';
import { fromHex, toHex } from '../src/util/bytes.ts';
import { decodePacket } from '../src/wire/decode.ts';
import { encodeMessage } from '../src/wire/encode.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

async function read(name: string): Promise<Case[]> {
  const cases: Case[] = [];
  for await (const one of readCases([fixture(name)])) cases.push(one);
  return cases;
}

const verifier = createVerifier('sodium');

const FILES = [
  { file: 'packets.jsonl.gz', accept: 912, decode: 3357, sanitize: 326, signature: 480 },
  { file: 'edges.jsonl.gz', accept: 3890, decode: 3678, sanitize: 307, signature: 1010 },
  { file: 'deflate.jsonl.gz', accept: 540, decode: 0, sanitize: 0, signature: 0 },
];

for (const { file, ...counts } of FILES) {
  describe(file, async () => {
    const cases = await read(file);

    it('gets the verdict and the content that validator code gave', () => {
      const seen: Record<string, number> = { accept: 0, decode: 0, sanitize: 0, signature: 0 };
      const disagreements: unknown[] = [];
      for (const one of cases) {
        const { group, verdict, difference } = judgePacket(one, verifier);
        seen[group]!++;
        if (difference) disagreements.push({ place: one.place, verdict, difference });
      }
      expect(disagreements.slice(0, 3)).toEqual([]);
      expect(seen).toEqual(counts);
    });

    it('is encoded to the bytes it was decoded from', () => {
      let encoded = 0;
      const wrong: string[] = [];
      for (const { place, json } of cases) {
        const { outcome, message } = decodePacket(fromHex(String(json['hex']))!);
        if (message === null) continue;
        // What the rules refuse has a form that can be written all the same.
        if (toHex(encodeMessage(message)) !== json['hex']) wrong.push(`${place} ${outcome}`);
        encoded++;
      }
      expect(wrong.slice(0, 3)).toEqual([]);
      expect(encoded).toBe(counts.accept + counts.sanitize + counts.signature);
    });
  });
}

it('signatures get the verdict of the strict verifier', async () => {
  const cases = await read('signatures.jsonl.gz');
  const wrong = cases.filter((one) => judgeSignature(one, verifier).difference);
  expect(wrong.map(({ json }) => json['name'])).toEqual([]);
  expect(cases.length).toBe(742);
});
