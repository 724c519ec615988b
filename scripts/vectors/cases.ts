import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { SpyError } from '../../src/util/assert.ts';

/** One line of a file of cases. */
export interface Case {
  /** `file:line`, for people who want to look. */
  place: string;
  json: Record<string, unknown>;
}

/**
 * Reads files of one JSON object a line, gzipped or plain, which their first bytes tell.
 *
 * @throws SpyError when a file cannot be read or a line is no object
 */
export async function* readCases(files: readonly string[]): AsyncGenerator<Case> {
  for (const file of files) {
    let number = 0;
    for await (const line of readLines(file)) {
      number++;
      if (line.trim() === '') continue;
      const place = `${basename(file)}:${number}`;
      yield { place, json: parseLine(line, place) };
    }
  }
}

function parseLine(line: string, place: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(line);
    if (typeof json === 'object' && json !== null) return json as Record<string, unknown>;
  } catch (cause) {
    throw notACase(place, cause);
  }
  throw notACase(place);
}

const notACase = (place: string, cause?: unknown): SpyError =>
  new SpyError('NOT_A_CASE', `${place} is no JSON object. Is this a file of recorded cases?`, {
    cause,
  });

async function* readLines(file: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of await openText(file)) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (cause) {
    if (cause instanceof SpyError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SpyError('CASES_UNREADABLE', `${file} cannot be read: ${reason}`, { cause });
  }
  if (rest !== '') yield rest;
}

async function openText(file: string): Promise<AsyncIterable<string>> {
  const packed = await isGzip(file);
  const stream = createReadStream(file);
  if (!packed) return stream.setEncoding('utf8');
  const gunzip = createGunzip();
  // A failure of either end destroys the other, and whoever reads the lines meets it there.
  pipeline(stream, gunzip).catch(() => undefined);
  return gunzip.setEncoding('utf8');
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b;
  } finally {
    await handle.close();
  }
}
