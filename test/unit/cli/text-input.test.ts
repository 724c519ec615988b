import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Format } from '../../../src/cli/capture/detect.ts';
import { openInput } from '../../../src/cli/capture/input.ts';
import { createCaptureCounts, readCapture } from '../../../src/cli/capture/read-capture.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { concat, le32 } from './frames.ts';

const PING = concat(
  le32(4),
  Uint8Array.from({ length: 128 }, (_, i) => i + 100),
);
const HEX = Buffer.from(PING).toString('hex');
const BASE64 = Buffer.from(PING).toString('base64');

interface Reading {
  format: Format | undefined;
  packets: string[];
  code: string | undefined;
  message: string;
}

async function read(input: Uint8Array | string, format?: Format): Promise<Reading> {
  const counts = createCaptureCounts();
  const packets: string[] = [];
  let error: SpyError | undefined;
  try {
    const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
    for await (const { payload } of readCapture(bytes, { format, counts })) {
      packets.push(Buffer.from(payload).toString('hex'));
    }
  } catch (caught) {
    if (!(caught instanceof SpyError)) throw caught;
    error = caught;
  }
  return { format: counts.format, packets, code: error?.code, message: error?.message ?? '' };
}

const pairs = HEX.match(/../g) ?? [];

/** As `xxd` prints. */
const xxd = (pairs.join('').match(/.{1,32}/g) ?? [])
  .map((digits, i) => {
    const groups = digits.match(/.{1,4}/g)!.join(' ');
    return `${(i * 16).toString(16).padStart(8, '0')}: ${groups.padEnd(39)}  ${'fade........ab..'}`;
  })
  .join('\n');

/** As `hexdump -C` prints. */
const hexdump = `${(pairs.join(' ').match(/.{1,48}/g) ?? [])
  .map((line, i) => {
    const [left, right] = [line.slice(0, 24), line.slice(24)];
    return `${(i * 16).toString(16).padStart(8, '0')}  ${left} ${right} |ab..........cd..|`;
  })
  .join('\n')}\n00000084\n`;

describe('text', () => {
  const cases: readonly { name: string; text: string; format: Format; packets: string[] }[] = [
    { name: 'hex, one line without an end', text: HEX, format: 'hex', packets: [HEX] },
    {
      name: 'hex, CRLF, empty lines, comments, byte order mark, capitals',
      text: `\ufeff# two pings\r\n\r\n${HEX}\r\n${HEX.toUpperCase()}\r\n`,
      format: 'hex',
      packets: [HEX, HEX],
    },
    { name: 'spaces', text: `  ${pairs.join(' ')}\n`, format: 'hex', packets: [HEX] },
    { name: 'colons', text: pairs.join(':'), format: 'hex', packets: [HEX] },
    {
      name: '0x and commas',
      text: pairs.map((p) => `0x${p}`).join(', '),
      format: 'hex',
      packets: [HEX],
    },
    { name: '\\x', text: `\\x${pairs.join('\\x')}`, format: 'hex', packets: [HEX] },
    { name: 'xxd, twice', text: `${xxd}\n${xxd}\n`, format: 'hex', packets: [HEX, HEX] },
    { name: 'hexdump -C', text: hexdump, format: 'hex', packets: [HEX] },
    { name: 'xxd, then plain', text: `${xxd}\n${HEX}`, format: 'hex', packets: [HEX, HEX] },
    {
      name: 'JSON lines, also of an empty datagram',
      text: `{"hex":"${HEX}","accept":true}\n{"hex":""}\n`,
      format: 'hex',
      packets: [HEX, ''],
    },
    { name: 'base64', text: `${BASE64}\n${BASE64}`, format: 'base64', packets: [HEX, HEX] },
    {
      name: 'base64 for URLs, not padded',
      text: BASE64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, ''),
      format: 'base64',
      packets: [HEX],
    },
  ];
  for (const { name, text, format, packets } of cases) {
    test(name, async () => {
      expect(await read(text)).toMatchObject({ format, packets, code: undefined });
    });
  }

  const bad: readonly { name: string; text: string; format?: Format; says: RegExp }[] = [
    { name: 'no hex digit', text: `${HEX}\n040000zz`, says: /^Line 2 is no hex \("z" is no/ },
    { name: 'odd digits', text: `# c\n${HEX}\n04000`, says: /^Line 3 has an odd number .*\(5\)/ },
    { name: 'odd digits on line 1', text: '04000', says: /^Line 1 has an odd number/ },
    { name: 'JSON without hex', text: `{"hex":"00"}\n{"a":1}`, says: /^Line 2 is JSON without/ },
    { name: 'JSON that is none', text: `00\n{"hex"`, says: /^Line 2 is JSON without/ },
    {
      name: 'xxd with a row left out',
      text: `${xxd.split('\n')[0]}\n00000020: 04\n`,
      says: /byte 32/,
    },
    { name: 'hexdump with rows left out', text: `${hexdump}*\n`, says: /hexdump -vC/ },
    { name: 'no base64', text: `${BASE64}\nnot base64`, says: /^Line 2 is no base64: "not b/ },
    { name: 'base64 cut', text: `${BASE64}\n${BASE64.slice(0, 9)}`, says: /^Line 2 is no base64/ },
    { name: 'forced hex', text: 'hello', format: 'hex', says: /^Line 1 is no hex \("h"/ },
    {
      name: 'letters a terminal obeys',
      text: `00\n\u009b31m\u001b]0;x`,
      format: 'hex',
      says: /"\?31m\?\]0;x"/,
    },
    { name: 'a line without end', text: `00\n${'00'.repeat(200_000)}`, says: /^Line 2 is longer/ },
  ];
  for (const { name, text, format, says } of bad) {
    test(`bad line: ${name}`, async () => {
      const { code, message, packets } = await read(text, format);
      expect(code).toBe('BAD_LINE');
      expect(message).toMatch(says);
      expect(packets.length).toBeLessThan(2);
      if (!message.startsWith('Line 1 ') && !name.startsWith('xxd')) {
        expect(packets).toHaveLength(1);
      }
    });
  }
});

describe('raw', () => {
  test('a small binary input is one datagram', async () => {
    expect(await read(PING)).toMatchObject({ format: 'raw', packets: [HEX] });
  });

  test('1,232 bytes are, 1,233 are not unless asked for', async () => {
    const bytes = concat(le32(1), new Uint8Array(1229));
    expect(await read(bytes.subarray(0, 1232))).toMatchObject({ format: 'raw' });
    const longer = await read(bytes);
    expect(longer.code).toBe('NOT_A_CAPTURE');
    expect(longer.message).toMatch(/starts with 0100000000000000\).* 1233 bytes are more than one/);
    expect((await read(bytes, 'raw')).packets[0]).toHaveLength(2 * 1233);
  });

  test('more than any datagram is refused even when asked for', async () => {
    expect((await read(new Uint8Array(65_528), 'raw')).code).toBe('NOT_A_CAPTURE');
  });
});

describe('what is not read', () => {
  const cases = [
    { name: 'nothing', input: '', code: 'INPUT_EMPTY', says: /empty/ },
    { name: 'comments only', input: '# a\n\n', code: 'INPUT_EMPTY', says: /empty/ },
    { name: 'prose', input: 'hello world\n', code: 'NOT_A_CAPTURE', says: /Line 1 is neither/ },
    { name: 'a word', input: 'test\n', code: 'NOT_A_CAPTURE', says: /"test"/ },
    {
      name: 'zstd',
      input: concat([0x28, 0xb5, 0x2f, 0xfd], PING),
      code: 'NOT_A_CAPTURE',
      says: /zstd -dc/,
    },
    {
      name: 'snoop',
      input: concat([0x73, 0x6e, 0x6f, 0x6f, 0x70, 0], PING),
      code: 'NOT_A_CAPTURE',
      says: /editcap/,
    },
    {
      name: 'a picture',
      input: concat([0x89, 0x50, 0x4e, 0x47], new Uint8Array(9000)),
      code: 'NOT_A_CAPTURE',
      says: /89504e47/,
    },
  ] as const;
  for (const { name, input, code, says } of cases) {
    test(name, async () => {
      const found = await read(input);
      expect(found.code).toBe(code);
      expect(found.message).toMatch(says);
    });
  }

  test.for(['hex', 'base64', 'raw', 'pcap', 'pcapng'] as const)(
    'empty input as %s',
    async (format) => {
      const { code } = await read('', format);
      expect(['INPUT_EMPTY', 'CAPTURE_TRUNCATED', 'NOT_A_CAPTURE']).toContain(code);
    },
  );

  test.for(['pcap', 'pcapng'] as const)('text taken for %s', async (format) => {
    const { code, message } = await read(HEX, format);
    expect(code).toBe('NOT_A_CAPTURE');
    expect(message).toContain(`no ${format} file`);
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function openAll(path: string): Promise<string> {
    let size = 0;
    try {
      for await (const chunk of openInput(path)) size += chunk.length;
    } catch (error) {
      return error instanceof SpyError ? error.code : String(error);
    }
    return `${size} bytes`;
  }

  test('what can be opened is, what cannot says why', async () => {
    writeFileSync(join(folder, 'ping'), PING);
    expect(await openAll(join(folder, 'ping'))).toBe('132 bytes');
    expect(await openAll(folder)).toBe('FILE_IS_DIRECTORY');
    expect(await openAll(join(folder, 'none'))).toBe('FILE_NOT_FOUND');
    expect(await openAll(join(folder, 'ping', 'x'))).toBe('FILE_UNREADABLE');
  });
});
