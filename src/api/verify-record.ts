import { isDeepStrictEqual } from 'node:util';
import type { Verifier } from '../crypto/verifier.ts';
import { fromBase58 } from '../util/base58.ts';
import { fromHex } from '../util/bytes.ts';
import { Outcome, outcomeMeaning, outcomeName } from '../util/outcome.ts';
import { decodeValue } from '../wire/decode.ts';
import { SIGNATURE_BYTES } from '../wire/limits.ts';
import { VALUE_COLUMNS } from './export-columns.ts';
import { canonicalBytes, valueJson } from './value-json.ts';

/** What was exported of one value: its signed bytes in hex, and what is said about it. */
export type ExportedRecord = Readonly<Record<string, unknown>>;

/**
 * Judges an exported value by its bytes alone: they must be a value that validators accept, signed by the key
 * in it, and say everything that the record says. What a value does not tell of itself is not looked at.
 *
 * @returns undefined when all is well, else what is wrong, to stand behind "the value …"
 */
export function verifyRecord(record: ExportedRecord, verifier: Verifier): string | undefined {
  const hex = record['bytes'];
  if (typeof hex !== 'string' || hex === '') {
    return 'comes without its signed bytes: export it with --bytes, or with earshot dump';
  }
  const bytes = fromHex(hex.toLowerCase());
  if (bytes === undefined) return 'has signed bytes that are no hex';
  const { outcome, value } = decodeValue(bytes);
  if (outcome !== Outcome.OK || value === null) {
    return `is none that validators accept: ${outcomeMeaning(outcome)} (${outcomeName(outcome)})`;
  }
  if (value.length !== bytes.length) return `has ${bytes.length - value.length} bytes too many`;
  const canonical = canonicalBytes(bytes, 0, bytes.length);
  const key = fromBase58(value.from);
  const isSigned =
    key !== undefined &&
    verifier.verify(key, 0, canonical, 0, canonical, SIGNATURE_BYTES, canonical.length);
  if (!isSigned) return `was not signed by ${value.from}`;
  const told = valueJson(value, canonical);
  for (const [name, claimed] of Object.entries(record)) {
    if (name === 'bytes') continue;
    const actual = told[name] ?? VALUE_COLUMNS.find((one) => one.name === name)?.cell(told) ?? null;
    if (actual === null && !(name in told)) continue; // a column that says something else
    if (isDeepStrictEqual(claimed, actual) || isSameText(claimed, actual)) continue;
    return `says ${name} ${JSON.stringify(actual)}, the record ${JSON.stringify(claimed)}`;
  }
  return undefined;
}

/** Key and kind of a record, as far as it names them, for a message. */
export function nameRecord(record: ExportedRecord): string {
  const kind = typeof record['kind'] === 'string' ? record['kind'] : 'value';
  const { contactInfo, from, pubkey } = record as Record<string, { pubkey?: unknown }>;
  const key: unknown = pubkey ?? from ?? contactInfo?.pubkey;
  return typeof key === 'string' && key !== '' ? `${kind} of ${key}` : kind;
}

/** Everything in CSV is text. */
function isSameText(claimed: unknown, actual: unknown): boolean {
  return typeof claimed === 'string' && typeof actual !== 'object' && claimed === String(actual);
}
