import { SpyError } from '../../util/assert.ts';
import type { ByteReader } from './byte-reader.ts';

/** A packet of a text input and the line on which it starts. */
export interface TextPacket {
  readonly line: number;
  readonly bytes: Uint8Array;
}

/** Longest line that is read: the hex of the largest UDP payload, with a space behind every byte. */
const MAX_LINE_BYTES = 262_144;
const SHOWN_CHARACTERS = 40;

/** `xxd` and `hexdump -C`: an offset, then hex, then perhaps the same as letters. */
const XXD_LINE = /^\s*([0-9a-f]{4,16}):\s+(\S.*)$/i;
const HEXDUMP_LINE = /^([0-9a-f]{8}) {2}(\S.*)$/i;
const OFFSET_LINE = /^[0-9a-f]{8}$/i;
/** What people put between or before the bytes. */
const SEPARATORS = /0x|\\x|[\s:,]/gi;

interface HexRow {
  /** Where the row stands in its dump; undefined for a packet on a line of its own. */
  readonly offset: number | undefined;
  readonly digits: string;
}

function readRow(text: string): HexRow {
  const xxd = XXD_LINE.exec(text);
  // A line such as `0400: …` is a dump only when hex groups follow; colons alone separate bytes.
  if (xxd) return row(xxd[1]!, xxd[2]!.split(/\s{2,}/)[0]!);
  const hexdump = HEXDUMP_LINE.exec(text);
  if (hexdump) return row(hexdump[1]!, hexdump[2]!.split('|')[0]!);
  return { offset: undefined, digits: text.replace(SEPARATORS, '') };
}

function row(offset: string, digits: string): HexRow {
  return { offset: Number.parseInt(offset, 16), digits: digits.replace(SEPARATORS, '') };
}

/** Whether a first line is meant as hex: even one with an odd digit too many, which is then refused by number. */
export function isHexLine(line: string): boolean {
  const text = clean(line);
  if (text.startsWith('{')) return hexMember(text) !== undefined;
  return /^[0-9a-f]+$/i.test(readRow(text).digits);
}

/**
 * Whether a line is base64 of something that starts with a message tag of gossip. Any word is valid base64,
 * so letters alone prove nothing.
 */
export function isGossipBase64(line: string): boolean {
  const bytes = fromBase64(clean(line));
  return (
    bytes !== undefined && bytes.length >= 4 && bytes[0]! < 6 && !bytes[1] && !bytes[2] && !bytes[3]
  );
}

/** The start of a line as it can be shown in a message: nothing that a terminal would obey. */
export function quote(line: string): string {
  const text = line.trim();
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(shown.replace(/[^ -~…]/g, '?'));
}

/**
 * The packets of a text with one packet a line as hex. Also understood: spaces, colons, commas and 0x
 * between the bytes; dumps of `xxd` and `hexdump -C`, whose rows make up one packet from offset 0 to the
 * next; JSON objects with a member `hex`; empty lines and lines that start with #.
 * @errors BAD_LINE; every packet before that line has been yielded
 */
export async function* readHexLines(reader: ByteReader): AsyncGenerator<TextPacket, void, void> {
  let dump: { line: number; digits: string } | undefined;
  for await (const { line, text } of readLines(reader)) {
    if (dump && OFFSET_LINE.test(text) && Number.parseInt(text, 16) * 2 === dump.digits.length) {
      continue; // hexdump -C ends with the length
    }
    const { offset, digits } = text.startsWith('{')
      ? { offset: undefined, digits: hexMember(text) }
      : readRow(text);
    if (dump && (offset === undefined || offset === 0)) {
      yield { line: dump.line, bytes: Buffer.from(dump.digits, 'hex') };
      dump = undefined;
    }
    const fault = findFault(text, digits, offset, dump?.digits.length ?? 0);
    if (fault || digits === undefined) throw badLine(line, text, fault ?? 'is no hex');
    if (offset === undefined) yield { line, bytes: Buffer.from(digits, 'hex') };
    else dump = { line: dump?.line ?? line, digits: (dump?.digits ?? '') + digits };
  }
  if (dump) yield { line: dump.line, bytes: Buffer.from(dump.digits, 'hex') };
}

/** @returns what is wrong with a row, to be read after "line N" */
function findFault(
  text: string,
  digits: string | undefined,
  offset: number | undefined,
  haveDigits: number,
): string | undefined {
  if (digits === undefined) return 'is JSON without a member "hex"';
  if (text === '*') return 'stands for rows that hexdump left out; use `hexdump -vC`';
  const wrong = /[^0-9a-f]/i.exec(digits);
  if (wrong) return `is no hex (${quote(wrong[0])} is no hex digit)`;
  if (digits.length % 2 !== 0) return `has an odd number of hex digits (${digits.length})`;
  if (haveDigits > 2 * MAX_LINE_BYTES) return 'continues a dump longer than any packet';
  if (offset !== undefined && offset * 2 !== haveDigits) {
    return `continues a dump at byte ${offset}, but ${haveDigits / 2} bytes came before it`;
  }
  return undefined;
}

/**
 * The packets of a text with one packet a line as base64, in the standard or the URL alphabet, padded or not.
 * @errors BAD_LINE; every packet before that line has been yielded
 */
export async function* readBase64Lines(reader: ByteReader): AsyncGenerator<TextPacket, void, void> {
  for await (const { line, text } of readLines(reader)) {
    const bytes = fromBase64(text);
    if (!bytes) throw badLine(line, text, 'is no base64');
    yield { line, bytes };
  }
}

function badLine(line: number, text: string, fault: string): SpyError {
  return new SpyError(
    'BAD_LINE',
    `Line ${line} ${fault}: ${quote(text)}. Mend or remove the line; packets before it have been decoded.`,
  );
}

function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[0-9a-z+/_-]+={0,2}$/i.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const plain = text.replace(/=+$/, '').replace(/-/g, '+').replace(/_/g, '/');
  // Left-over bits would mean that the line was cut or is no base64 at all.
  return bytes.toString('base64').replace(/=+$/, '') === plain ? bytes : undefined;
}

/** The member `hex` of a JSON object, as files of test packets have it. */
function hexMember(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const found =
      typeof value === 'object' && value !== null && 'hex' in value ? value.hex : undefined;
    return typeof found === 'string' ? found : undefined;
  } catch {
    return undefined; // no JSON: the caller says so
  }
}

function clean(line: string): string {
  return line.replace(/^\ufeff/, '').trim();
}

/** Lines that have content, trimmed, with their number from 1. */
async function* readLines(
  reader: ByteReader,
): AsyncGenerator<{ line: number; text: string }, void, void> {
  for (let line = 1; ; line++) {
    const bytes = await takeLine(reader);
    if (bytes === undefined) return;
    const text = clean(new TextDecoder().decode(bytes));
    if (bytes.length > MAX_LINE_BYTES) throw badLine(line, text, 'is longer than any packet');
    if (text !== '' && !text.startsWith('#')) yield { line, text };
  }
}

/** @returns one line with its end, more than MAX_LINE_BYTES when it is too long, or undefined at the end */
async function takeLine(reader: ByteReader): Promise<Uint8Array | undefined> {
  for (let searched = 0; ; ) {
    const newline = reader.peek(reader.ready).indexOf(10, searched);
    if (newline >= 0) return reader.take(newline + 1);
    searched = reader.ready;
    if (searched > MAX_LINE_BYTES) return reader.take(MAX_LINE_BYTES + 1);
    if (await reader.fill(searched + 1)) continue;
    return searched === 0 ? undefined : reader.take(searched);
  }
}
