import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCases } from '../../../scripts/vectors/cases.ts';
import { firstDifference } from '../../../scripts/vectors/difference.ts';
import { runVectors } from '../../../scripts/vectors/program.ts';
import { Tally } from '../../../scripts/vectors/tally.ts';
import { toHex } from '../../../src/util/bytes.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { listenTo } from '../../cli/in-process.ts';
import { worked } from '../wire/parts.ts';

describe('the first difference', () => {
  const cases = [
    {
      name: 'none',
      expected: { a: [1, { b: null }] },
      got: { a: [1, { b: null }] },
      path: undefined,
    },
    { name: 'of order', expected: { a: 1, b: 2 }, got: { b: 2, a: 1 }, path: undefined },
    { name: 'in depth', expected: { a: [1, { b: 2 }] }, got: { a: [1, { b: 3 }] }, path: 'a[1].b' },
    { name: 'of type', expected: { a: '1' }, got: { a: 1 }, path: 'a' },
    { name: 'a field too few', expected: { a: 1, b: undefined }, got: { a: 1 }, path: 'b' },
    { name: 'a field too many', expected: {}, got: { x: 1 }, path: 'x' },
    { name: 'a longer list', expected: [1], got: [1, 2], path: '[1]' },
    { name: 'list or object', expected: [], got: {}, path: '' },
    { name: 'null or object', expected: { a: null }, got: { a: {} }, path: 'a' },
  ];
  for (const { name, expected, got, path } of cases) {
    it(name, () => expect(firstDifference(expected, got)?.path).toBe(path));
  }
});

describe('the tally', () => {
  it('counts by group and describes the first disagreements', () => {
    const tally = new Tally('cases', 1, new ManualClock());
    expect(tally.clean, 'without a case').toBe(false);
    tally.add('accept', undefined, () => expect.fail('no title is needed'));
    expect(tally.clean).toBe(true);
    for (const title of ['first', 'second']) {
      const difference = { path: 'content.from', expected: 'a', got: undefined };
      tally.add('decode', difference, () => title);
    }
    expect([tally.clean, tally.agreed, tally.disagreed]).toEqual([false, 1, 2]);
    const report = tally.report();
    expect(report).toMatch(
      /^3 cases in 0\.0 s\n {2}accept +1 agree\n {2}decode +0 agree {2}2 disagree\n/,
    );
    expect(report).toContain(
      '1. first\n   content.from\n     expected "a"\n     got      nothing\n',
    );
    expect(report).toContain('and 1 more');
    expect(report).not.toContain('second');
  });
});

const MAIN = fileURLToPath(new URL('../../../dist/scripts/vectors.js', import.meta.url));

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the script as a command. */
function run(...words: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...words], (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earshot-vectors-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function file(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  }

  it('are read gzipped or plain, with or without a last newline', async () => {
    const plain = await file('plain', '{"n":1}\n\n{"n":2}');
    const packed = await file('packed', gzipSync('{"n":3}\n'));
    const cases = [];
    for await (const { place, json } of readCases([plain, packed])) cases.push([place, json['n']]);
    expect(cases).toEqual([
      ['plain:1', 1],
      ['plain:3', 2],
      ['packed:1', 3],
    ]);
  });

  it('that cannot be read are named', async () => {
    const cases = [
      { path: join(folder, 'missing'), code: 'CASES_UNREADABLE' },
      { path: folder, code: 'CASES_UNREADABLE' },
      {
        path: await file('cut.gz', gzipSync('{"n":3}\n'.repeat(99)).subarray(0, 30)),
        code: 'CASES_UNREADABLE',
      },
      { path: await file('text', 'hello\n'), code: 'NOT_A_CASE' },
      { path: await file('number', '7\n'), code: 'NOT_A_CASE' },
    ];
    for (const { path, code } of cases) {
      const reading = (async () => {
        for await (const one of readCases([path])) expect(one.json).toHaveProperty('n');
      })();
      await expect(reading, path).rejects.toMatchObject({ code });
    }
  });

  it('end in an exit status and a report', async () => {
    const hex = toHex(worked('ping'));
    const good = await file('good', `{"hex":"${hex}","accept":true}\n`);
    const bad = await file(
      'bad',
      `{"name":"odd","hex":"${hex}","accept":false,"stage":"decode"}\n`,
    );
    const signature = JSON.stringify({
      name: 'honest',
      publicKey: hex.slice(8, 72),
      message: hex.slice(72, 136),
      signature: hex.slice(136),
      accept: true,
    });
    const signed = await file('signed', `${signature}\n`);
    const none = await file('none', '');
    const cases = [
      {
        words: ['packets', good],
        status: 0,
        out: /^1 packets in .*\n {2}accept +1 agree\n1 agree, 0 disagree\n$/,
      },
      {
        words: ['packets', good, bad],
        status: 1,
        out: /bad:1 "odd" 04000000.*\n {3}accept\n {5}expected false\n {5}got {6}true\n/,
      },
      {
        words: ['packets', bad, '--first', '0'],
        status: 1,
        out: /1 disagree\n0 agree, 1 disagree/,
      },
      { words: ['packets', none], status: 1, out: /No case was found\./ },
      { words: ['packets', signed], status: 1, err: /signed:1 is no recorded packet/ },
      { words: ['packets', join(folder, 'missing')], status: 1, err: /missing cannot be read/ },
      {
        words: ['signatures', signed],
        status: 0,
        out: /by sodium[\s\S]*by openssl[\s\S]*by noble[\s\S]*1 agree/,
      },
      { words: ['signatures', good], status: 1, err: /good:1 is no recorded signature/ },
      { words: ['--help'], status: 0, out: /packets[\s\S]*signatures[\s\S]*Exit status/ },
    ];
    for (const [i, { words, status, out, err }] of cases.entries()) {
      // The first two and help in processes of their own, as a user runs them.
      const isProcess = i < 2 || words[0] === '--help';
      const here = (): Promise<number> => runVectors(['node', 'vectors', ...words]);
      const got: Ran = await (isProcess ? run(...words) : listenTo(here));
      expect(got.status, `${words.join(' ')}: ${got.stderr}`).toBe(status);
      if (out) expect(got.stdout, words.join(' ')).toMatch(out);
      if (err) expect(got.stderr, words.join(' ')).toMatch(err);
    }
  });
});
