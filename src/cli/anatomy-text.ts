import type { Anatomy, Part } from '../api/anatomy.ts';
import type { KindName } from '../wire/limits.ts';
import { bytesText, countText, perSecondText, rateText, ratioText, shareText } from './figures.ts';

/** Words for what leaves. */
const LEAVING_WORDS: Partial<Record<KindName, string>> = {
  Vote: 'votes',
  EpochSlots: 'epoch slots',
  DuplicateShred: 'duplicate shreds',
};

/** Words for sorts of datagrams. */
const SORT_WORDS: Readonly<Record<string, string>> = {
  push: 'pushes',
  pullRequest: 'pull requests',
  pullResponse: 'answers to pulls',
  prune: 'prunes',
  ping: 'pings',
  pong: 'pongs',
  refused: 'refused or unread',
};

/** Words for classes of peers. */
const CLASS_WORDS: Readonly<Record<string, string>> = {
  staked: 'with stake',
  unstaked: 'without stake',
  unproved: 'address not proved',
  entrypoint: 'entrypoints',
};

/** Who was listening. */
export interface AnatomyContext {
  readonly identity: string;
  /** Nodes and values in the table. */
  readonly nodes: number;
}

/** The first column is text, the others are figures; as wide as what is in them. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** The anatomy as text, 80 columns wide at most. */
export function renderAnatomy(anatomy: Anatomy, { identity, nodes }: AnatomyContext): string {
  const { seconds, values } = anatomy;
  const time = seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
  const sections = [
    [
      `Gossip traffic over ${time}, heard by ${identity}`,
      `${countText(nodes)} nodes, ${countText(values.held.values)} values of ${bytesText(values.held.bytes)} in the table`,
    ],
    kindLines(anatomy),
    partLines('Datagrams', anatomy.sorts, SORT_WORDS, anatomy),
    [
      ...partLines('Peers', anatomy.classes, CLASS_WORDS, anatomy),
      ...(anatomy.stakesKnown ? [] : ['(nobody’s stake is known: --stakes tells it)']),
    ],
    originLines(anatomy),
    relayerLines(anatomy),
    validatorLines(anatomy),
    restLines(anatomy),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function kindLines({ kinds, values }: Anatomy): string[] {
  const row = (name: string, kind: Anatomy['values'], share: number): string[] => [
    name,
    perSecondText(kind.values),
    rateText(kind.bytes),
    shareText(share),
    perSecondText(kind.fresh),
    ratioText(kind.copies),
    countText(kind.held.values),
  ];
  return table([
    ['Values', 'heard/s', 'bytes', 'share', 'new/s', 'copies of each', 'in table'],
    ...kinds.map((kind) => row(kind.kind, kind, kind.share)),
    row('all', values, kinds.length > 0 ? 1 : 0),
  ]);
}

function partLines(
  head: string,
  parts: readonly Part<string>[],
  words: Readonly<Record<string, string>>,
  { total, packets }: Anatomy,
): string[] {
  return table([
    [head, 'in', 'share', 'packets/s', 'out', 'share', 'packets/s'],
    ...parts.map((part) => [
      words[part.name] ?? part.name,
      rateText(part.in),
      shareText(total.in > 0 ? part.in / total.in : 0),
      perSecondText(part.packetsIn),
      rateText(part.out),
      shareText(total.out > 0 ? part.out / total.out : 0),
      perSecondText(part.packetsOut),
    ]),
    [
      'all',
      rateText(total.in),
      '',
      perSecondText(packets.in),
      rateText(total.out),
      '',
      perSecondText(packets.out),
    ],
  ]);
}

function originLines({ origins, originCount }: Anatomy): string[] {
  if (origins.length === 0) return [];
  const head = `Origins, ${origins.length} of ${countText(originCount)}, since the start`;
  return table([
    [head, 'values', 'new', 'bytes', 'share'],
    ...origins.map((o) => [
      o.pubkey,
      countText(o.values),
      countText(o.fresh),
      bytesText(o.bytes),
      shareText(o.share),
    ]),
  ]);
}

function relayerLines({ relayers, relayerCount }: Anatomy): string[] {
  if (relayers.length === 0) return [];
  const head = `Relayers, ${relayers.length} of ${countText(relayerCount)}, since the start`;
  return table([
    [head, 'values', 'new', 'bytes', 'share'],
    ...relayers.map((r) => [
      r.pubkey,
      countText(r.values),
      shareText(r.values > 0 ? r.fresh / r.values : 0),
      bytesText(r.bytes),
      shareText(r.share),
    ]),
  ]);
}

function validatorLines({ validator, total }: Anatomy): string[] {
  return [
    ...table([
      ['A validator of this size would pay', 'in', 'out'],
      ['a second', rateText(validator.in), rateText(validator.out)],
      ['a month of 30 days', bytesText(validator.monthIn), bytesText(validator.monthOut)],
    ]),
    `That is what this node hears and sends (${rateText(total.out)} out), and ${rateText(validator.own)} more`,
    'for values of its own. Gossip alone, without blocks, repairs and transactions;',
    'whoever has much stake relays more.',
  ];
}

function restLines({ rests }: Anatomy): string[] {
  return table([
    ['What stays when they leave gossip', 'in', 'out', 'new/s', 'in table'],
    ...rests.map(({ without, in: inward, out, fresh, held }) => {
      const last = without.at(-1);
      const word = last === undefined ? 'now' : (LEAVING_WORDS[last] ?? last);
      const name =
        without.length === 0 ? word : `${without.length === 1 ? 'without' : '… nor'} ${word}`;
      return [name, rateText(inward), rateText(out), perSecondText(fresh), countText(held)];
    }),
  ]);
}
