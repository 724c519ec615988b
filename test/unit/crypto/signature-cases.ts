import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createVerifyBatch, type VerifyBatch } from '../../../src/crypto/verify.ts';
import { fromHex } from '../../../src/util/bytes.ts';

/** One judged signature. */
export interface SignatureCase {
  name: string;
  accept: boolean;
  key: Uint8Array;
  signature: Uint8Array;
  message: Uint8Array;
}

interface Line {
  name: string;
  accept: boolean;
  publicKey: string;
  signature: string;
  message: string;
}

/** The vectors judged by the reference's strict verifier. */
export function readSignatureVectors(): SignatureCase[] {
  const file = new URL('../../fixtures/signatures.jsonl.gz', import.meta.url);
  return gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .map((text) => {
      const line = JSON.parse(text) as Line;
      return {
        name: line.name,
        accept: line.accept,
        key: fromHex(line.publicKey)!,
        signature: fromHex(line.signature)!,
        message: fromHex(line.message)!,
      };
    });
}

/** Cases that others published, with what they say of each: `valid`, `invalid`, `cofactored`. */
export function readPublishedSets(): (SignatureCase & { set: string; result: string })[] {
  const file = new URL('../../fixtures/signature-sets.jsonl.gz', import.meta.url);
  return gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Line & { set: string; result: string })
    .map((line) => ({
      set: line.set,
      result: line.result,
      name: `${line.set} ${line.name}`,
      accept: line.result === 'valid', // a strict verifier refuses what only a cofactored one takes
      key: fromHex(line.publicKey)!,
      signature: fromHex(line.signature)!,
      message: fromHex(line.message)!,
    }));
}

/** Lays cases out one behind the other, at offsets of every alignment. */
export function placeCases(cases: readonly SignatureCase[], shared: boolean): VerifyBatch {
  const size = cases.reduce((sum, { message }) => sum + 97 + message.length, 0);
  const bytes = new Uint8Array(shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
  const batch = createVerifyBatch(bytes, cases.length);
  let at = 0;
  for (const [row, { key, signature, message }] of cases.entries()) {
    batch.signature[row] = at;
    batch.message[row] = at + 64;
    batch.messageEnd[row] = at + 64 + message.length;
    batch.key[row] = at + 64 + message.length;
    bytes.set(signature, at);
    bytes.set(message, at + 64);
    bytes.set(key, at + 64 + message.length);
    at += 97 + message.length;
  }
  batch.count = cases.length;
  return batch;
}
