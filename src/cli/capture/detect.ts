import { SpyError } from '../../util/assert.ts';
import { PACKET_BYTES } from '../../wire/limits.ts';
import { isPcap } from './pcap.ts';
import { isPcapng } from './pcapng.ts';
import { isGossipBase64, isHexLine, quote } from './text.ts';

/** Forms in which packets can be given. */
export const FORMATS = ['hex', 'base64', 'raw', 'pcap', 'pcapng'] as const;

/** One of the forms in which packets can be given. */
export type Format = (typeof FORMATS)[number];

/** How much of the input `detectFormat` wants to see: enough for one line of any packet. */
export const HEAD_BYTES = 65_536;

/** Files that one may take for a capture, by their first bytes in hex, and what to do with them. */
const KNOWN_STRANGERS: readonly (readonly [string, string])[] = [
  ['28b52ffd', 'compressed with zstd: `zstd -dc FILE | earshot decode`'],
  ['fd377a585a', 'compressed with xz: `xz -dc FILE | earshot decode`'],
  ['425a68', 'compressed with bzip2: `bzip2 -dc FILE | earshot decode`'],
  ['504b0304', 'a zip archive: unpack it first'],
  ['34cdb2a1', 'an old variant of pcap: convert it with `editcap -F pcapng FILE NEW`'],
  ['a1b2cd34', 'an old variant of pcap: convert it with `editcap -F pcapng FILE NEW`'],
  ['736e6f6f70', 'a snoop capture: convert it with `editcap -F pcapng FILE NEW`'],
  ['474d4255', 'a Network Monitor capture: convert it with `editcap -F pcapng FILE NEW`'],
];

const LINE_FEED = 10;

const ACCEPTED =
  'Give a pcap or pcapng capture, hex or base64 with one packet a line, or one raw datagram';

/**
 * Tells the format of an input from its first bytes. Text is known by its first line with content, whatever
 * follows it: more of the same input never makes another format of it.
 * @param head the first HEAD_BYTES of it, or all when it is shorter
 * @param whole whether `head` is all there is
 * @errors INPUT_EMPTY, NOT_A_CAPTURE
 */
export function detectFormat(head: Uint8Array, whole: boolean): Format {
  if (isPcap(head)) return 'pcap';
  if (isPcapng(head)) return 'pcapng';
  const line = firstContent(head, whole);
  if (line !== undefined && isHexLine(line.text)) return 'hex';
  if (line !== undefined && isGossipBase64(line.text)) return 'base64';
  if (isText(head)) throw line === undefined ? emptyText(head, whole) : strangeLine(line);
  const hex = Buffer.from(head.subarray(0, 8)).toString('hex');
  const stranger = KNOWN_STRANGERS.find(([magic]) => hex.startsWith(magic));
  if (stranger) throw new SpyError('NOT_A_CAPTURE', `The input is ${stranger[1]}.`);
  if (whole && head.length <= PACKET_BYTES) return 'raw';
  const size = whole ? `${head.length} bytes are` : 'it is';
  throw new SpyError(
    'NOT_A_CAPTURE',
    `The input is no capture (it starts with ${hex}) and ${size} more than one datagram of ${PACKET_BYTES} bytes. ${ACCEPTED}.`,
  );
}

/** A line of text and its number, from 1. */
interface Line {
  readonly number: number;
  readonly text: string;
}

/** @returns the first line that is to be read, if it is whole and neither it nor a line before holds other bytes than text */
function firstContent(head: Uint8Array, whole: boolean): Line | undefined {
  let start = 0;
  for (let number = 1; start < head.length; number++) {
    const feed = head.indexOf(LINE_FEED, start);
    if (feed < 0 && !whole && number > 1) return undefined; // it may be cut
    const bytes = head.subarray(start, feed < 0 ? head.length : feed);
    if (!isText(bytes)) return undefined;
    const text = new TextDecoder().decode(bytes);
    if (isContent(text)) return { number, text };
    start += bytes.length + 1;
  }
  return undefined;
}

function emptyText(head: Uint8Array, whole: boolean): SpyError {
  const what = whole
    ? 'The input holds no packet: it is empty.'
    : `The first ${head.length} bytes of the input hold no packet.`;
  return new SpyError('INPUT_EMPTY', `${what} ${ACCEPTED}.`);
}

function strangeLine({ number, text }: Line): SpyError {
  return new SpyError(
    'NOT_A_CAPTURE',
    `Line ${number} is neither hex nor a gossip packet in base64: ${quote(text)}. ${ACCEPTED}.`,
  );
}

/** Whether a line is to be read: not empty and no comment. */
function isContent(line: string): boolean {
  const text = line.replace(/^\ufeff/, '').trim();
  return text !== '' && !text.startsWith('#');
}

/** Printable ASCII and white space, UTF-8 in comments allowed. */
function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
}
