import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WriteStream } from 'node:tty';
import { afterAll, describe, expect, it } from 'vitest';
import { OutputFile } from '../../../src/cli/output.ts';
import { Progress } from '../../../src/cli/progress.ts';
import { SpyError } from '../../../src/util/assert.ts';

const folder = mkdtempSync(join(tmpdir(), 'earshot-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('an output file', () => {
  it('is there before anything is written, and empty', () => {
    const path = join(folder, 'early');
    writeFileSync(path, 'what was there before');
    const file = new OutputFile(path, '--dump');
    expect(readFileSync(path, 'utf8')).toBe('');
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('holds one JSON line a value, whatever letters are in it', () => {
    const path = join(folder, 'lines');
    const file = new OutputFile(path, '--dump');
    const values = [{ a: 1 }, 'zwei\nZeilen', ['ü', '🛰'], null];
    for (const value of values) file.line(value);
    file.close();
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(values);
  });

  it('does not keep much in memory', () => {
    const path = join(folder, 'large');
    const file = new OutputFile(path, '--dump');
    const line = 'x'.repeat(100_000);
    for (let i = 0; i < 12; i++) file.line(line);
    expect(readFileSync(path).length).toBeGreaterThan(1_000_000);
    file.close();
    expect(readFileSync(path).length).toBe(12 * 100_003);
  });

  const refused = [
    { name: 'in a folder that is not there', path: join(folder, 'none', 'file') },
    { name: 'that is a folder', path: folder },
  ];
  for (const { name, path } of refused) {
    it(`${name} is refused, with the flag's name`, () => {
      expect(() => new OutputFile(path, '--stats')).toThrow(SpyError);
      expect(() => new OutputFile(path, '--stats')).toThrow(/Give --stats a file in a folder/);
    });
  }
});

/** A terminal that takes notes. */
function terminal(isTTY: boolean, columns: number): { written: string[]; stream: WriteStream } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { written, stream: { isTTY, columns, write } as unknown as WriteStream };
}

describe('the progress line', () => {
  it('is written over itself, and taken away once', () => {
    const { written, stream } = terminal(true, 80);
    const progress = new Progress(stream);
    progress.clear();
    progress.show('one');
    progress.show('two');
    progress.clear();
    progress.clear();
    expect(written).toEqual(['\rone\x1b[K', '\rtwo\x1b[K', '\r\x1b[K']);
  });

  it('is cut to the terminal', () => {
    const { written, stream } = terminal(true, 30);
    new Progress(stream).show('x'.repeat(100));
    expect(written[0]).toBe(`\r${'x'.repeat(28)}…\x1b[K`);
  });

  it('is not shown where nobody watches', () => {
    const { written, stream } = terminal(false, 80);
    const progress = new Progress(stream);
    progress.show('one');
    progress.clear();
    expect(written).toEqual([]);
  });
});
