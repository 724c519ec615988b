import { open } from 'node:fs/promises';

/** Writes lines into a file as they come; the file is there before the first is asked for. @returns how many */
export async function writeLines(
  path: string,
  chunks: AsyncIterable<readonly string[]>,
): Promise<number> {
  const file = await open(path, 'w');
  let count = 0;
  try {
    for await (const lines of chunks) {
      if (lines.length > 0) await file.write(`${lines.join('\n')}\n`);
      count += lines.length;
    }
  } finally {
    await file.close();
  }
  return count;
}
