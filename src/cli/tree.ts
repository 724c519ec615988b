import type { Verdict } from '../api/verdict.ts';
import { Outcome, outcomeMeaning } from '../util/outcome.ts';
import type { DecodedValue } from '../wire/decoded.ts';
import type { CapturedPacket } from './capture/read-capture.ts';
import type { BrokenValue, Dissection } from './decode/dissection.ts';
import { dumpRows, faultContext } from './decode/dump.ts';
import {
  cut,
  type Page,
  paint,
  renderTree,
  type Span,
  span,
  type TreeNode,
  wrap,
} from './decode/layout.ts';
import { bitsSet, messageFields, partition } from './decode/message-fields.ts';
import { counted, grouped, percent, time } from './decode/phrases.ts';
import { type Selection, selectsValue } from './decode/selection.ts';
import { valueFields, wallclockField } from './decode/value-fields.ts';

/** A packet and all that was found out about it. */
export interface Judged {
  readonly packet: CapturedPacket;
  readonly dissection: Dissection;
  readonly verdict: Verdict;
}

/** How packets are drawn. */
export interface TreeOptions {
  readonly page: Page;
  /** Offsets and bytes of each value. */
  readonly hex: boolean;
  readonly selection: Selection;
}

/** The columns by which a header's continuation is indented. */
const HANG = '   ';

/** A packet as a tree: one line on what became of it, then everything that it says. */
export function renderPacket(judged: Judged, options: TreeOptions): string[] {
  const { page } = options;
  const [first = [], ...more] = wrap(header(judged), Math.max(20, page.columns - HANG.length));
  return [
    paint(first, page),
    ...more.map((line) => paint([HANG, ...line], page)),
    ...renderTree(fields(judged, options), page),
  ];
}

/** A packet in one line: the header and, in few words, what it carries. */
export function renderBrief(judged: Judged, page: Page): string {
  return paint(cut([...header(judged), ...gist(judged.dissection)], page.columns), page);
}

function header({ packet, verdict, dissection }: Judged): Span[] {
  const { number, timeMs, source, destination, payload, payloadBytes } = packet;
  const name = dissection.name ?? 'no gossip message';
  return [
    span('strong', `#${number}`),
    ...(timeMs === undefined ? [] : [` ${time(timeMs)}`]),
    ...(source === undefined ? [] : [` ${source} → ${destination}`]),
    `  ${counted(payloadBytes, 'byte')}`,
    span('strong', `  ${name}`),
    ...(verdict.accept
      ? [span('good', '  accepted')]
      : [span('bad', `  refused ${refusal(verdict)}`)]),
    ...(payload.length < payloadBytes ? [` (${grouped(payload.length)} captured)`] : []),
  ];
}

function refusal(verdict: Extract<Verdict, { accept: false }>): string {
  return `${verdict.outcome} at byte ${verdict.at}: ${outcomeMeaning(Outcome[verdict.outcome])}`;
}

function fields(judged: Judged, options: TreeOptions): TreeNode[] {
  const { packet, dissection, verdict } = judged;
  const { payload, timeMs } = packet;
  const { message, sender, values, broken } = dissection;
  const fault = verdict.accept ? undefined : verdict.at;
  const top: TreeNode[] = [];
  if (payload.length < packet.payloadBytes) {
    const advice = 'record with a larger snapshot length, such as tcpdump -s 0';
    top.push({ name: 'cut', value: [`the capture holds only a part of it: ${advice}`] });
  }
  if (fault !== undefined) {
    top.push({ name: `at byte ${fault}`, value: faultContext(payload, fault) });
  }
  if (message) top.push(...messageFields(message, timeMs));
  else if (sender !== undefined) top.push({ name: 'from', value: [span('key', sender)] });
  const envelopeEnd = values[0]?.offset ?? broken?.offset ?? payload.length;
  if (options.hex) top.push(bytesNode(payload, 0, envelopeEnd, options, fault));
  for (const [index, value] of values.entries()) {
    if (!selectsValue(options.selection, value, dissection)) continue;
    top.push(valueNode(value, index, judged, options));
  }
  const hidden = values.length - top.filter((node) => node.children).length;
  if (broken) top.push(brokenNode(broken, payload, options, fault));
  if (hidden > 0) {
    top.push({
      name: '…',
      value: [`${counted(hidden, 'value')} that the filters leave out`],
      children: [],
    });
  }
  return top;
}

function valueNode(
  value: DecodedValue,
  index: number,
  judged: Judged,
  options: TreeOptions,
): TreeNode {
  const { packet, verdict } = judged;
  const end = value.offset + value.length;
  const fault = verdict.accept ? undefined : verdict.at;
  const isFaulty = fault !== undefined && fault >= value.offset && fault < end;
  const position = 'index' in value ? ` ${value.index}` : '';
  const sha256 = verdict.accept ? verdict.content.values?.[index]?.sha256 : undefined;
  return {
    name: `${value.kind}${position}`,
    value: ['from ', span('key', value.from), ...(isFaulty ? [span('bad', '  refused here')] : [])],
    children: [
      wallclockField(value, packet.timeMs),
      ...valueFields(value, packet.timeMs),
      ...(value.canonical ? [] : [{ name: 'form', value: [NOT_CANONICAL] }]),
      ...(sha256 === undefined ? [] : [{ name: 'sha256', value: [span('dim', sha256)] }]),
      { name: 'signature', value: [span('dim', value.signature)] },
      bytesNode(packet.payload, value.offset, end, options, fault),
    ],
  };
}

const NOT_CANONICAL =
  'not canonical: validators hash, verify and relay what they would write instead of these bytes';

/** A value that cannot be read, with what shows of it. */
function brokenNode(
  broken: BrokenValue,
  payload: Uint8Array,
  options: TreeOptions,
  fault: number | undefined,
): TreeNode {
  const from = broken.from === undefined ? [] : ['from ', span('key', broken.from), '  '];
  return {
    name: broken.kind ?? 'value',
    value: [...from, span('bad', 'refused here')],
    children: [bytesNode(payload, broken.offset, payload.length, options, fault)],
  };
}

/** Where a part stands, and its bytes when asked for. */
function bytesNode(
  payload: Uint8Array,
  at: number,
  end: number,
  { hex, page }: TreeOptions,
  fault: number | undefined,
): TreeNode {
  const value = end > at ? [`${at}–${end - 1} (${grouped(end - at)})`] : ['none'];
  return {
    name: 'bytes',
    value,
    ...(hex ? { rows: dumpRows(payload, at, end, page.columns, fault) } : {}),
  };
}

/** What a message carries, for one line. */
function gist({ message, sender, values, broken }: Dissection): Span[] {
  const from: Span[] = sender === undefined ? [] : ['  from ', span('key', sender)];
  if (message?.message === 'PullRequest') {
    const set = bitsSet(message.filter);
    const fill = set === 0 ? 'empty' : `${percent(set / message.filter.bitmap.bits)} full`;
    return [...from, `  asks for ${partition(message.filter)}, filter ${fill}`];
  }
  if (message?.message === 'PruneMessage') {
    return [...from, `  stop sending values of ${counted(message.prunes.length, 'origin')}`];
  }
  const kinds = values.map(({ kind }): string => kind);
  if (broken) kinds.push(`broken ${broken.kind ?? 'value'}`);
  return [...from, ...kindCounts(kinds)];
}

function kindCounts(kinds: readonly string[]): Span[] {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const words = [...counts].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`));
  return words.length === 0 ? [] : [`  ${words.join(', ')}`];
}
