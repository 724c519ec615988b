/** Judged on the tables of a recorded cluster, which validator code has written and signed. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ExportedRecord, nameRecord, verifyRecord } from '../../../src/api/verify-record.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';

const verifier = createVerifier('sodium');
const file = new URL('../../fixtures/cluster-tables.jsonl.gz', import.meta.url);
const records = gunzipSync(readFileSync(file))
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as ExportedRecord & { kind: string; bytes: string });

/** One record of each kind. */
const samples = [...new Map(records.map((record) => [record.kind, record])).values()];

const judge = (record: ExportedRecord): string | undefined => verifyRecord(record, verifier);

describe('an exported record', () => {
  it('of validators is good, every one', () => {
    expect(records.length).toBeGreaterThan(50);
    expect(samples.length).toBeGreaterThanOrEqual(4);
    for (const record of records) expect(judge(record), record.bytes).toBeUndefined();
  });

  for (const sample of samples) {
    it(`of kind ${sample.kind} fails with any byte changed`, () => {
      const { bytes } = sample;
      for (let at = 0; at < bytes.length; at += 2) {
        const other = (Number.parseInt(bytes.slice(at, at + 2), 16) ^ 1).toString(16);
        const changed = `${bytes.slice(0, at)}${other.padStart(2, '0')}${bytes.slice(at + 2)}`;
        expect(judge({ bytes: changed }), `byte ${at / 2}`).toBeDefined();
      }
    });

    it(`of kind ${sample.kind} fails with any field changed`, () => {
      const fields = Object.keys(sample).filter((name) => !['bytes', 'node'].includes(name));
      expect(fields.length).toBeGreaterThan(3);
      for (const name of fields) {
        const reason = judge({ ...sample, [name]: 'something else' });
        expect(reason, name).toContain(`says ${name} `);
        expect(reason).toContain('the record "something else"');
      }
    });
  }

  it('names what is wrong with its bytes', () => {
    const [{ bytes = '' } = {}] = samples;
    expect(judge({})).toMatch(/^comes without its signed bytes: export it with --bytes/);
    expect(judge({ bytes: 'xyz' })).toBe('has signed bytes that are no hex');
    expect(judge({ bytes: `${bytes}00` })).toMatch(/too many|TRAILING|is none that validators/);
    expect(judge({ bytes: bytes.slice(0, -2) })).toMatch(/^is none that validators accept: /);
    const signature = '00'.repeat(64);
    expect(judge({ bytes: `${signature}${bytes.slice(128)}` })).toMatch(
      /^was not signed by \w{32,44}$/,
    );
  });

  it('may be text, as in CSV, and have columns of others', () => {
    const sample = samples.find(({ kind }) => kind === 'Vote')!;
    const { bytes, sha256, length, index } = sample;
    const text = { bytes, sha256, length: `${length}`, index: `${index}`, relayer: 'me' };
    expect(judge(text)).toBeUndefined();
    expect(judge({ ...text, index: '31' })).toMatch(/says index \d+, the record "31"/);
    expect(judge({ ...text, content: 'votes for slot 1' })).toMatch(/says content/);
  });

  it('has a name', () => {
    expect(nameRecord({ kind: 'Vote', from: 'A' })).toBe('Vote of A');
    expect(nameRecord({ contactInfo: { pubkey: 'B' } })).toBe('value of B');
    expect(nameRecord({ bytes: '00' })).toBe('value');
  });
});
