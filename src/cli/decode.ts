import type { Writable } from 'node:stream';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { verdict } from '../api/verdict.ts';
import { chooseSingleVerifier } from '../crypto/verify.ts';
import { SpyError } from '../util/assert.ts';
import { KIND_NAMES, Kind, MESSAGE_NAMES } from '../wire/limits.ts';
import { FORMATS, type Format } from './capture/detect.ts';
import { openInput } from './capture/input.ts';
import { createCaptureCounts, readCapture } from './capture/read-capture.ts';
import { dissect } from './decode/dissection.ts';
import type { Page } from './decode/layout.ts';
import { type Selection, selects, selectsMessage } from './decode/selection.ts';
import { LineWriter, until } from './decode/streams.ts';
import { Summary } from './decode/summary.ts';
import { collectPubkeys, wholeNumber } from './options.ts';
import { renderBrief, renderPacket } from './tree.ts';

/** Flags of `earshot decode`. */
export interface DecodeFlags {
  json?: boolean;
  brief?: boolean;
  hex?: boolean;
  format?: Format;
  port?: number[];
  message?: string[];
  kind?: string[];
  from?: string[];
  refused?: boolean;
}

/** Where the command reads and writes; tests pass their own. */
export interface DecodeStreams {
  input: AsyncIterable<Uint8Array>;
  stdout: Writable;
  stderr: Writable;
  page: Page;
  /** Ends the reading early, with the summary of what was read. */
  stop: AbortSignal;
}

const EXAMPLES = `
Input is a pcap or pcapng capture (also still being written, also gzip), hex or base64 with one
packet a line, the output of xxd, or one raw datagram. The format is detected.

Examples:
  $ earshot decode capture.pcap                         every packet as a tree
  $ earshot decode capture.pcap --brief | less          one line a packet
  $ earshot decode capture.pcap --refused --hex         what validators drop, and why
  $ earshot decode capture.pcap --kind Vote --from KEY  the votes of one node
  $ earshot decode capture.pcap --json | jq .outcome    for programs
  $ sudo tcpdump -i any -U -w - udp port 8001 | earshot decode
  $ echo 04000000... | earshot decode

Exit status: 0 when all input was read, whether its packets are accepted or not; 1 after an error.`;

/** Adds `earshot decode`. */
export function registerDecode(program: Command): void {
  const kinds = Object.values(Kind).map((kind) => KIND_NAMES[kind] ?? '');
  program
    .command('decode')
    .description(
      'Reads recorded gossip packets, judges each as a validator would (form, rules, signatures) and shows what it says.',
    )
    .argument('[FILE]', 'file to read; - or nothing for standard input')
    .addOption(
      new Option('--json', 'one JSON object a line: verdict, outcome, content').conflicts([
        'brief',
        'hex',
      ]),
    )
    .addOption(new Option('--brief', 'one line a packet, cut to the terminal').conflicts('hex'))
    .option('--hex', 'show the bytes of each value with their offsets')
    .addOption(new Option('--format <NAME>', 'do not detect the format').choices(FORMATS))
    .option('--port <PORT>', 'only datagrams from or to this port; repeatable', collectPorts)
    .option(
      '--message <NAME>',
      `only these messages: ${MESSAGE_NAMES.join(', ')}; repeatable`,
      collectNames(MESSAGE_NAMES),
    )
    .option(
      '--kind <NAME>',
      `only these kinds of values: ${kinds.join(', ')}; repeatable`,
      collectNames(kinds),
    )
    .option('--from <PUBKEY>', 'only this sender or origin; repeatable', collectKeys)
    .option('--refused', 'only packets that validators refuse')
    .addHelpText('after', EXAMPLES)
    .action((file: string | undefined, flags: DecodeFlags) => run(file, flags));
}

/** Runs the command on the streams of the process. */
async function run(file: string | undefined, flags: DecodeFlags): Promise<void> {
  const input = openInput(file);
  const isStdin = input === process.stdin;
  if (isStdin && process.stdin.isTTY) {
    process.stderr.write(
      'Reading from the terminal: one packet a line in hex or base64, then Ctrl-D.\n',
    );
  }
  const abort = new AbortController();
  const onInterrupt = (): void => abort.abort();
  process.once('SIGINT', onInterrupt);
  const { stdout, stderr } = process;
  const dumb = process.env['TERM'] === 'dumb' || (process.env['NO_COLOR'] ?? '') !== '';
  const page: Page = stdout.isTTY
    ? { columns: stdout.columns || 80, colour: !dumb }
    : { columns: Number.POSITIVE_INFINITY, colour: false };
  try {
    await decode(flags, { input, stdout, stderr, page, stop: abort.signal });
  } finally {
    process.off('SIGINT', onInterrupt);
    if (isStdin) process.stdin.destroy(); // an idle pipe would keep us from ending
  }
}

/**
 * Decodes an input and prints it. What was read before an error is printed, and the summary too.
 * @errors those of `readCapture`, VERIFIER_UNUSABLE
 */
export async function decode(flags: DecodeFlags, streams: DecodeStreams): Promise<void> {
  const { stdout, stderr, page, stop } = streams;
  const { verifier } = chooseSingleVerifier();
  const { message: messages = [], kind: kinds = [], from = [], port: ports = [] } = flags;
  const { json = false, brief = false, hex = false } = flags;
  const selection: Selection = { messages, kinds, from };
  const summary = new Summary();
  const counts = createCaptureCounts();
  const out = new LineWriter(stdout);
  const input = until(streams.input, stop);
  try {
    for await (const packet of readCapture(input, { format: flags.format, ports, counts })) {
      const { payload } = packet;
      const isAsked = selectsMessage(selection, payload);
      const dissection = isAsked ? dissect(payload) : undefined;
      if (!dissection || !selects(selection, dissection)) {
        summary.unselected();
        continue;
      }
      const judgement = verdict(payload, verifier);
      summary.judged(judgement, dissection.name);
      if (flags.refused && judgement.accept) continue;
      const judged = { packet, dissection, verdict: judgement };
      if (json) await out.write(JSON.stringify(judgement));
      else if (brief) await out.write(renderBrief(judged, page));
      else await out.write(`${renderPacket(judged, { page, hex, selection }).join('\n')}\n`);
      if (out.closed || stop.aborted) break;
    }
  } catch (error) {
    // A capture that is left in the middle of a frame is not cut off.
    if (!stop.aborted || !(error instanceof SpyError)) {
      if (!out.closed && counts.frames > 0) finish();
      throw error;
    }
  }
  if (!out.closed) finish();

  function finish(): void {
    stderr.write(`${summary.lines(counts, ports).join('\n')}\n`);
  }
}

const collectKeys = (text: string, previous: string[] = []): string[] =>
  collectPubkeys(text, previous);

function collectPorts(text: string, previous: number[] = []): number[] {
  return [...previous, wholeNumber(1, 65_535)(text)];
}

/** Gathers names however they are capitalised and divided: `push-message` is PushMessage. */
function collectNames(names: readonly string[]): (text: string, previous?: string[]) => string[] {
  const plain = (text: string): string => text.toLowerCase().replace(/[-_ ]/g, '');
  return (text, previous = []) => {
    const wanted = plain(text);
    const found =
      names.find((name) => plain(name) === wanted) ??
      names.find((name) => plain(name) === `${wanted}message`);
    if (found === undefined) throw new InvalidArgumentError(`Choose from ${names.join(', ')}.`);
    return [...previous, found];
  };
}
