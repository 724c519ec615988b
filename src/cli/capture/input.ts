import { createReadStream, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { SpyError } from '../../util/assert.ts';
import type { ByteReader } from './byte-reader.ts';

/** Compressed bytes inflated at a time: deflate makes at most 1,032 of one, so this stays within 17 MB. */
const INFLATE_SLICE_BYTES = 16_384;

/**
 * Opens a file, or standard input when `path` is '-' or undefined, as a stream of chunks.
 * @errors FILE_NOT_FOUND, FILE_IS_DIRECTORY, FILE_UNREADABLE
 */
export function openInput(path: string | undefined): AsyncIterable<Uint8Array> {
  if (path === undefined || path === '-') return process.stdin as AsyncIterable<Uint8Array>;
  try {
    if (statSync(path).isDirectory()) {
      throw new SpyError(
        'FILE_IS_DIRECTORY',
        `${path} is a directory. Name a capture or a text file in it.`,
      );
    }
  } catch (error) {
    throw fileError(path, error);
  }
  return readFile(path);
}

async function* readFile(path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw fileError(path, error);
  }
}

function fileError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof SpyError) return error;
  if (error.code === 'ENOENT') {
    return new SpyError(
      'FILE_NOT_FOUND',
      `There is no file ${path}. Check the name, or pipe the data in and leave the name out.`,
      { cause: error },
    );
  }
  return new SpyError('FILE_UNREADABLE', `${path} cannot be read (${String(error.code)}).`, {
    cause: error,
  });
}

/** Whether input that starts with these bytes is compressed with gzip. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * What is inside a gzip stream. Node drops what it has inflated when it meets an error, so the input is fed
 * in slices and each slice's output collected: a file that was cut off gives all it has before the error.
 * @errors GZIP_DAMAGED
 */
export async function* gunzip(reader: ByteReader): AsyncGenerator<Uint8Array, void, void> {
  const inflate = createGunzip();
  let inflated: Uint8Array[] = [];
  let failure: Error | undefined;
  inflate.on('data', (chunk: Uint8Array) => inflated.push(chunk));
  inflate.on('error', (error) => {
    failure = error;
  });
  try {
    while (!failure && (reader.ready > 0 || (await reader.fill(1)))) {
      const slice = reader.take(Math.min(reader.ready, INFLATE_SLICE_BYTES));
      await new Promise<void>((resolve) => inflate.write(slice, () => resolve()));
      yield* inflated;
      inflated = [];
    }
    if (!failure) {
      await new Promise<void>((resolve) => inflate.once('close', resolve).end());
      yield* inflated;
    }
  } finally {
    inflate.destroy();
    await reader.close();
  }
  if (failure) {
    throw new SpyError(
      'GZIP_DAMAGED',
      `The gzip data is damaged or was cut off (${failure.message}); what came before is shown.`,
      { cause: failure },
    );
  }
}
