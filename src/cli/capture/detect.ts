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

const ACCEPTED =
  'Give a pcap or pcapng capture, hex or base64 with one packet a line, or one raw datagram';

/**
 * Tells the format of an input from its first bytes.
 * @param head the first HEAD_BYTES of it, or all when it is shorter
 * @param whole whether `head` is all there is
 * @errors INPUT_EMPTY, NOT_A_CAPTURE
 */
export function detectFormat(head: Uint8Array, whole: boolean): Format {
  if (isPcap(head)) return 'pcap';
  if (isPcapng(head)) return 'pcapng';
  if (isText(head)) return detectTextFormat(head, whole);
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

function detectTextFormat(head: Uint8Array, whole: boolean): Format {
  const lines = new TextDecoder().decode(head).split('\n');
  if (!whole && lines.length > 1) lines.pop(); // the last one may be cut
  const index = lines.findIndex((line) => isContent(line));
  const line = lines[index];
  if (line === undefined) {
    throw new SpyError('INPUT_EMPTY', `The input holds no packet: it is empty. ${ACCEPTED}.`);
  }
  if (isHexLine(line)) return 'hex';
  if (isGossipBase64(line)) return 'base64';
  throw new SpyError(
    'NOT_A_CAPTURE',
    `Line ${index + 1} is neither hex nor a gossip packet in base64: ${quote(line)}. ${ACCEPTED}.`,
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
