import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tableDigest } from '../../../src/crds/digest.ts';
import { findViolation, sampleViolation } from '../../../src/crds/invariants.ts';
import { type CrdsTable, Route } from '../../../src/crds/table.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { fromHex } from '../../../src/util/bytes.ts';
import { Outcome } from '../../../src/util/outcome.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { createValueColumns } from '../../../src/wire/columns.ts';
import { ContactInfoFields, readContactInfo } from '../../../src/wire/contact-info.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { skimValue } from '../../../src/wire/skim.ts';
import { worked } from '../wire/parts.ts';
import { makeTable } from './harness.ts';

/** Puts a real value into a table, as a node would. */
function insertReal(table: CrdsTable, bytes: Uint8Array, nowMs: number): number {
  const columns = createValueColumns(2);
  const outcome = skimValue(bytes, 0, bytes.length, columns, 0);
  expect(outcome).toBe(Outcome.OK);
  const fields = new ContactInfoFields();
  if (columns.kind[0] === Kind.CONTACT_INFO) readContactInfo(bytes, 0, bytes.length, fields);
  return table.upsert(
    bytes,
    0,
    bytes.length,
    columns.kind[0]!,
    columns.index[0]!,
    columns.origin[0]!,
    columns.wallclock[0]!,
    fields.outsetLow,
    fields.outsetHigh,
    sha256(bytes),
    0,
    nowMs,
    Route.PULL,
  );
}

const recorded = gunzipSync(
  readFileSync(new URL('../../fixtures/cluster-tables.jsonl.gz', import.meta.url)),
)
  .toString()
  .trim()
  .split('\n')
  .map((line) => fromHex((JSON.parse(line) as { bytes: string }).bytes) as Uint8Array);

describe('with values of real nodes', () => {
  const verifier = createVerifier('sodium');
  const options = {
    verify: (bytes: Uint8Array, key: number, signature: number, at: number, end: number) =>
      verifier.verify(bytes, key, bytes, signature, bytes, at, end),
  };
  const real = () => {
    const table = makeTable();
    for (const bytes of recorded) insertReal(table, bytes, 1_787_000_000_000);
    return table;
  };

  it('everything holds, signatures included, in whatever order they came', () => {
    const table = real();
    expect(table.size).toBeGreaterThan(20);
    expect(findViolation(table, options)).toBeUndefined();
    expect(sampleViolation(table, seededRng(1), 50, options)).toBeUndefined();
    const other = makeTable({ hashSeed: 99 });
    for (const bytes of recorded.toReversed()) insertReal(other, bytes, 1);
    expect(other.size).toBe(table.size);
    expect(tableDigest(other.view)).toBe(tableDigest(table.view));
  });

  const spoiled: { name: string; spoil(table: CrdsTable, row: number): void; says: RegExp }[] = [
    {
      name: 'a byte of a signature',
      spoil: (table, row) => {
        const { bytes, place } = table.view.columns;
        bytes[place[row]! + 5]! ^= 1;
      },
      says: /T1 row \d+: its hash/,
    },
    {
      name: 'a wallclock',
      spoil: (table, row) => {
        table.view.columns.wallclock[row]! += 1;
      },
      says: /T1 row \d+: decodes to/,
    },
    {
      name: 'the kind in the bytes',
      spoil: (table, row) => {
        const { bytes, place } = table.view.columns;
        bytes[place[row]! + 64] = 0;
      },
      says: /T1 row \d+: does not decode/,
    },
  ];
  for (const { name, spoil, says } of spoiled) {
    it(`notices a change of ${name}`, () => {
      const table = real();
      spoil(table, 3);
      expect(findViolation(table, options)).toMatch(says);
    });
  }

  it('notices a signature that does not verify', () => {
    const none = { verify: () => false };
    expect(findViolation(real(), none)).toMatch(/T1 row \d+: its signature/);
    expect(sampleViolation(real(), seededRng(1), 1, none)).toMatch(/T1 row \d+: its signature/);
  });

  it('a sample finds what most rows have', () => {
    const table = real();
    table.view.columns.wallclock.fill(5);
    expect(sampleViolation(table, seededRng(1), 5)).toMatch(/decodes to/);
  });

  it('nothing is wrong with a real value, whoever checks its signature', () => {
    const real = worked('heaviestFork');
    const table = makeTable();
    const columns = createValueColumns(2);
    skimValue(real, 0, real.length, columns, 0);
    const [kind, wallclock, originAt] = [13, columns.wallclock[0]!, columns.origin[0]!];
    const hash = sha256(real);
    table.upsert(real, 0, real.length, kind, 0, originAt, wallclock, 0, 0, hash, 0, 1, Route.PULL);
    expect(findViolation(table)).toBeUndefined();
    expect(findViolation(table, { verify: () => true })).toBeUndefined();
  });

  it('notices a value that is kept under another origin than its own', () => {
    const real = worked('heaviestFork');
    const table = makeTable();
    const columns = createValueColumns(2);
    const bytes = new Uint8Array(real.length + 32);
    bytes.set(real);
    const length = real.length;
    bytes.fill(7, length);
    expect(skimValue(bytes, 0, length, columns, 0)).toBe(Outcome.OK);
    const [kind, index, wallclock] = [columns.kind[0]!, columns.index[0]!, columns.wallclock[0]!];
    const hash = sha256(real);
    table.upsert(bytes, 0, length, kind, index, length, wallclock, 0, 0, hash, 0, 1, Route.PULL);
    expect(findViolation(table)).toBe('T1 row 0: is of another origin than its peer');
  });
});
