import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import type { Page } from '../../../src/cli/decode/layout.ts';
import { type DecodeFlags, decode, registerDecode } from '../../../src/cli/decode.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { ethernet, ipv4, pcap, udp } from './frames.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));
/** The first 1,500 of the frames that were recorded. */
const CLUSTER = firstFrames(gunzipSync(fixture('cluster.pcap.gz')), 1500);
const PACKETS = fixture('packets.jsonl.gz');
const PAGE: Page = { columns: Number.POSITIVE_INFINITY, colour: false };

function firstFrames(capture: Buffer, count: number): Buffer {
  let end = 24;
  for (let i = 0; i < count; i++) end += 16 + capture.readUInt32LE(end + 8);
  return capture.subarray(0, end);
}

interface Recorded {
  hex: string;
  accept: boolean;
  stage?: string;
  content?: { message: string; values?: { kind: string }[] };
}
const recorded = gunzipSync(PACKETS)
  .toString()
  .trim()
  .split('\n')
  .map((line): Recorded => JSON.parse(line));

async function* chunked(bytes: Uint8Array | string): AsyncGenerator<Uint8Array> {
  yield typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

class Paper extends Writable {
  text = '';
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

interface Run {
  stdout: string;
  lines: string[];
  stderr: string;
  error: SpyError | undefined;
}

async function run(
  input: Uint8Array | string | AsyncIterable<Uint8Array>,
  flags: DecodeFlags = {},
  page = PAGE,
  stop = new AbortController().signal,
): Promise<Run> {
  const stdout = new Paper();
  const stderr = new Paper();
  const chunks = typeof input === 'string' || input instanceof Uint8Array ? chunked(input) : input;
  let error: SpyError | undefined;
  try {
    await decode(flags, { input: chunks, stdout, stderr, page, stop });
  } catch (caught) {
    if (!(caught instanceof SpyError)) throw caught;
    error = caught;
  }
  const lines = stdout.text.trimEnd().split('\n');
  return { stdout: stdout.text, lines, stderr: stderr.text, error };
}

describe('--json', () => {
  test('gives the recorded verdicts and nothing else', async () => {
    const { lines, stderr } = await run(PACKETS, { json: true });
    expect(lines).toHaveLength(recorded.length);
    const wrong = lines.filter((line, i) => {
      const { outcome, at, ...verdict } = JSON.parse(line);
      const { accept, stage, content } = recorded[i]!;
      const wanted = { accept, ...(accept ? { content } : { stage }) };
      const isNamed = (outcome === 'OK') === accept && (typeof at === 'number') === !accept;
      return !isNamed || !isDeepStrictEqual(verdict, wanted);
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(stderr).toMatch(/^5,075 packets: 912 accepted, 4,163 refused\n/);
  });
});

describe('the tree', () => {
  test('of a pull request in a capture', async () => {
    const { lines } = await run(CLUSTER, { message: ['PullRequest'] });
    expect(lines.slice(0, 12)).toEqual([
      '#1 2026-11-21 07:57:18.401Z 127.0.0.1:18001 → 127.0.0.1:18000  1,229 bytes  PullRequest  accepted',
      '├─ asks for      partition 1 of 64 (mask 07ffffffffffffff, 6 bits)',
      '├─ bloom filter  empty, so it hides nothing (8,062 bits, 3 keys)',
      '└─ ContactInfo  from Fr5CvBXpjTmPFNHakQDQNLw1cEw3nWjXVbvwMb6LDiDk',
      '   ├─ wallclock      2026-11-21 07:57:18.398Z (3 ms before capture)',
      '   ├─ started        2026-11-21 07:57:18.395Z (up for 2 ms)',
      '   ├─ shred version  20126',
      '   ├─ version        4.4.0 Agave (3), commit 7c44d975, feature set 3722100051',
      '   ├─ sockets        127.0.0.1 gossip 18001, tvu 19001',
      '   ├─ sha256         9b555c9e54fabb76bccbb1a1461228d91206313a36eeb0881b13e2a35440c7d6',
      '   ├─ signature      329S6QjyBX5JmcyYRZNwxjMRsWbzXkkwiTHFpZaVQvsutDmn8RzPhdxxUQUpRPZUPsuWHk9be1WgZUs9kpGR78ux',
      '   └─ bytes          1081–1228 (148)',
    ]);
  });

  test('of a vote', async () => {
    const { lines } = await run(recorded[4]!.hex);
    expect(lines.slice(0, 14)).toEqual([
      '#1  465 bytes  PushMessage  accepted',
      '├─ from  51y29LVUYUJnr3w9AfaCGM4Hgv7ctWVTDaivtcs8MMKT',
      '└─ Vote 8  from 51y29LVUYUJnr3w9AfaCGM4Hgv7ctWVTDaivtcs8MMKT',
      '   ├─ wallclock      2026-11-21 07:56:59.330Z',
      '   ├─ votes for      slot 380000008',
      '   ├─ slots          379999978–380000008 (31)',
      '   ├─ confirmations  31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1',
      '   ├─ root           379999977',
      '   ├─ bank hash      C5wTaRsDvdf8D81HTcteBVERAAabyUngwkXCCwSMFKAT',
      '   ├─ block id       11111111111111111111111111111111',
      '   ├─ vote account   51y29LVUYUJnr3w9AfaCGM4Hgv7ctWVTDaivtcs8MMKT',
      '   ├─ transaction    TowerSync, 2 keys, 1 instruction, blockhash 7cYHUDhdvAimNFUp2syQAZDD4JmZLfzAjJV1g4yFL4to',
      '   ├─ tx signature   4Y93qdvXoK9uX9sPoQP8ZqMsHtYX18g6b9UsGz7WNiKCUS2T8joEcjs7sWtCjmLUmyekPK2Yir83SL92ZkCN2xrP',
      '   ├─ sha256         f65274f3214fb4a7c09f5d707f079552983c52bd5df4d1c521d95e67321dc4a9',
    ]);
  });

  test('of packets refused for their form goes up to the fault', async () => {
    const [ping, push] = [recorded[2]!.hex, recorded[10]!.hex];
    const { lines } = await run(`${ping}\n${push}\n0700`);
    expect(lines).toEqual([
      '#1  165 bytes  Ping  refused PACKET_TRAILING_BYTES at byte 132: bytes left over behind the message',
      '├─ at byte 132  … 67 0d 40 99 06 24 c0 0e [32] d1 c4 75 0e f7 e1 cf 6a …',
      '├─ from         51y29LVUYUJnr3w9AfaCGM4Hgv7ctWVTDaivtcs8MMKT',
      '├─ token        32d143347a244fdc260401677e968d96af9e7faebf16845a723eddff5a8bbe79',
      '└─ signature    SsVRBASeHepYZ1nkA1wjFJvQ9f5QEFLSpmsMJpfFpNvNaZKXP4FgTt1KGSpj1etcN8Nr8y21F82R6cGZgEkuLWZ',
      '',
      '#2  197 bytes  PushMessage  refused VARINT_OVERFLOW at byte 187: a variable-length integer beyond its width',
      '├─ at byte 187  … 01 00 00 04 00 00 98 c3 [0a] 00 01 04 00 08 08 00 02 …',
      '├─ from         FSQYT2rXK2cuje1dxCuy7joZVS7ZkWDcvENAy4yEg4Pq',
      '└─ ContactInfo  from FSQYT2rXK2cuje1dxCuy7joZVS7ZkWDcvENAy4yEg4Pq  refused here',
      '   └─ bytes  44–196 (153)',
      '',
      '#3  2 bytes  no gossip message  refused PACKET_TRUNCATED at byte 2: the bytes end before the message does, or a count promises more than is there',
      '└─ at byte 2  07 00 [end]',
    ]);
  });

  test('keeps good values in front of a broken one', async () => {
    const two = recorded.find(({ content }) => content?.values?.length === 2)!;
    const { lines } = await run(two.hex.slice(0, -2));
    const kinds = lines.filter((line) => /^[├└]─ [A-Z]/.test(line));
    expect(kinds).toHaveLength(2);
    expect(kinds[0]).not.toContain('refused');
    expect(kinds[1]).toContain('refused here');
  });

  test('fits a narrow terminal, whatever the packet', async () => {
    const sample = recorded.filter((_, i) => i % 12 === 0).map(({ hex }) => hex);
    for (const columns of [50, 70]) {
      for (const flags of [{ hex: true }, { brief: true }]) {
        const { lines } = await run(sample.join('\n'), flags, { columns, colour: false });
        expect(lines.filter((line) => line.length > columns)).toEqual([]);
      }
    }
  });

  test('with --hex holds every byte of every packet once', async () => {
    const sample = recorded.filter((_, i) => i % 40 === 0 && _.hex.length > 0);
    for (const { hex } of sample) {
      const { lines } = await run(hex, { hex: true });
      const rows = lines.flatMap(
        (line) => /^[│ ]+\d+ ((?:[ [][0-9a-f]{2}\]?)+)$/.exec(line)?.[1] ?? [],
      );
      const dumped = rows.join('').replace(/[^0-9a-f]/g, '');
      // What is left over behind a message belongs to no part of it.
      expect(hex.startsWith(dumped), hex).toBe(true);
      if (recorded.find((one) => one.hex === hex)?.accept) expect(dumped).toBe(hex);
    }
  });

  test('has colours only when asked for', async () => {
    const coloured = await run(recorded[1]!.hex, {}, { columns: 80, colour: true });
    const bare = await run(recorded[1]!.hex, {}, { columns: 80, colour: false });
    expect(coloured.stdout).toContain('\u001b[');
    expect(bare.stdout).not.toContain('\u001b[');
  });
});

describe('filters', () => {
  const origin = '45soN3tBPWDpi4Mp6mLLPDvc7Fdq5BYryo4uLDJEFvXw';
  const cases: readonly { name: string; flags: DecodeFlags; packets: number; all: RegExp }[] = [
    { name: 'message', flags: { message: ['Ping', 'Pong'] }, packets: 26, all: /P[io]ng/ },
    { name: 'kind', flags: { kind: ['LowestSlot'] }, packets: 21, all: /LowestSlot/ },
    { name: 'from', flags: { from: [origin], message: ['Ping'] }, packets: 4, all: /45soN3/ },
    { name: 'port', flags: { port: [18004], message: ['Pong'] }, packets: 1, all: /:18004/ },
    { name: 'refused', flags: { refused: true }, packets: 0, all: /^$/ },
  ];
  for (const { name, flags, packets, all } of cases) {
    test(name, async () => {
      const { lines, stderr } = await run(CLUSTER, { ...flags, brief: true });
      const shown = lines.filter((line) => line !== '');
      expect(shown).toHaveLength(packets);
      for (const line of shown) expect(line).toMatch(all);
      if (flags.port) expect(stderr).toMatch(/\d other port/);
      else if (!flags.refused) expect(stderr).toContain('left out by the filters');
    });
  }

  test('values that are not asked for are counted, not shown', async () => {
    const { lines } = await run(CLUSTER, { kind: ['LowestSlot'] });
    expect(lines.filter((line) => line.includes('EpochSlots'))).toEqual([]);
    expect(lines).toContain('└─ …  1 value that the filters leave out');
  });
});

describe('what is not a clean end', () => {
  test('a bad line: what came before is shown and counted, then the error', async () => {
    const { lines, stderr, error } = await run(`${recorded[1]!.hex}\nno hex\n`, { brief: true });
    expect(lines).toEqual([
      '#1  132 bytes  Ping  accepted  from 5oCspKn67Q7WTUYPUv5BHKcK1p2L9kWj6DVtumLHWFU9',
    ]);
    expect(stderr).toBe('1 packet: 1 accepted, 0 refused\n  accepted: Ping 1\n');
    expect(error?.code).toBe('BAD_LINE');
    expect(error?.exitStatus).toBe(1);
  });

  test('a capture that was cut off: the same', async () => {
    const { lines, error } = await run(CLUSTER.subarray(0, 5000), { brief: true });
    expect(lines).toHaveLength(3);
    expect(error?.code).toBe('CAPTURE_TRUNCATED');
  });

  test('an empty input: no summary of nothing', async () => {
    const { stdout, stderr, error } = await run('');
    expect([stdout, stderr, error?.code]).toEqual(['', '', 'INPUT_EMPTY']);
  });

  test('a reader that has gone: quiet, and no more is read', async () => {
    let chunks = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      const bytes = CLUSTER;
      for (; chunks < 1000; chunks++) yield chunks === 0 ? bytes : bytes.subarray(24);
    }
    let writes = 0;
    const stdout = new Writable({
      write(_chunk, _encoding, done) {
        writes++;
        done(writes < 3 ? null : Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    const stderr = new Paper();
    const stop = new AbortController().signal;
    await decode({ brief: true }, { input: endless(), stdout, stderr, page: PAGE, stop });
    expect([writes, stderr.text]).toEqual([3, '']);
    expect(chunks).toBeLessThan(3);
  });

  test('a full disk is an error', async () => {
    const stdout = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' }));
      },
    });
    const streams = { input: chunked(PACKETS), stdout, stderr: new Paper(), page: PAGE };
    const running = decode({}, { ...streams, stop: new AbortController().signal });
    await expect(running).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
  });

  test('a signal while a pipe is silent: the summary, no error', async () => {
    const abort = new AbortController();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield CLUSTER.subarray(0, 5000);
      queueMicrotask(() => abort.abort());
      await new Promise(() => {});
    }
    const { lines, stderr, error } = await run(silent(), { brief: true }, PAGE, abort.signal);
    expect(lines).toHaveLength(3);
    expect(stderr).toContain('3 packets: 3 accepted');
    expect(error).toBeUndefined();
  });
});

describe('summary', () => {
  test('other traffic is counted and said to be so', async () => {
    const dns = Buffer.from('0102010000010000', 'hex');
    const bytes = pcap([
      { bytes: ethernet(ipv4(udp(dns))) },
      { bytes: ethernet(new Uint8Array(28), 0x0806) },
      { bytes: ethernet(ipv4(udp(dns))).subarray(0, 45) },
    ]);
    const { stderr, lines } = await run(bytes);
    expect(stderr.split('\n')).toEqual([
      '2 packets: 0 accepted, 2 refused',
      '  refused:  MESSAGE_UNKNOWN 1 (the first four bytes name no message)',
      '  refused:  PACKET_TRUNCATED 1 (the bytes end before the message does, or a count promises more than is there)',
      '  skipped:  1 no UDP',
      "  1 packet cut by the capture's snapshot length",
      'Some of it is other traffic: --port keeps one port, such as --port 8001.',
      '',
    ]);
    expect(lines).toContain(
      '├─ cut        the capture holds only a part of it: record with a larger snapshot length, such as tcpdump -s 0',
    );
  });
});

describe('the command line', () => {
  async function parse(...argv: string[]): Promise<string> {
    const program = new Command('earshot').exitOverride();
    let said = '';
    registerDecode(program);
    for (const command of [program, ...program.commands]) {
      command.exitOverride().configureOutput({
        writeErr: (text) => (said += text),
        writeOut: (text) => (said += text),
      });
    }
    try {
      await program.parseAsync(['node', 'earshot', 'decode', ...argv]);
    } catch (error) {
      if (error instanceof CommanderError) return said;
      if (error instanceof SpyError) return error.code;
      throw error;
    }
    return 'ran';
  }

  const cases: readonly { argv: string[]; says: RegExp }[] = [
    { argv: ['--kind', 'nope'], says: /Choose from Vote, LowestSlot/ },
    { argv: ['--message', 'nope'], says: /Choose from PullRequest/ },
    {
      argv: ['--message', 'push', '--kind', 'contact-info', 'no-such-file'],
      says: /FILE_NOT_FOUND/,
    },
    { argv: ['--from', 'me'], says: /no public key/ },
    { argv: ['--port', '70000'], says: /from 1 to 65535/ },
    { argv: ['--format', 'yaml'], says: /Allowed choices are hex, base64/ },
    { argv: ['--json', '--hex'], says: /cannot be used with/ },
    { argv: ['no-such-file'], says: /FILE_NOT_FOUND/ },
    { argv: ['.'], says: /FILE_IS_DIRECTORY/ },
    { argv: ['--help'], says: /Examples:[\s\S]*tcpdump/ },
  ];
  test.for(cases)('$argv', async ({ argv, says }) => expect(await parse(...argv)).toMatch(says));
});
