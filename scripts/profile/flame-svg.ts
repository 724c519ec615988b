import { type CpuProfile, frameName, isWaiting, samplesBetween } from './self-time.ts';

const WIDTH = 1200;
const ROW = 17;
const LETTER = 6.2;

/** Frames below this share of the width are left out. */
const MIN_SHARE = 0.003;

/** Colours by where code lives; the first pattern that fits a frame's name counts. */
const COLOURS: readonly (readonly [RegExp, string])[] = [
  [/sodium|src\/crypto|internal\/crypto/, '#e8a33d'],
  [/src\/(wire|util)/, '#7fb069'],
  [/src\/(shm|crds)/, '#5b8fd1'],
  [/src\/(gossip|tasks)/, '#a48fd6'],
  [/src\/(node|api|cli)|workers\//, '#d98b8b'],
  [/node_modules/, '#c9bd9e'],
];
const OTHER = '#d4d4d4';

interface Frame {
  readonly name: string;
  ms: number;
  readonly children: Map<string, Frame>;
}

/**
 * Draws where a thread spent its time: what called lies above what was called, widths are shares of the
 * time in which there was something to do.
 *
 * @units fromUs, toUs: microseconds of the monotonic clock; samples outside are left out
 */
export function drawFlames(
  profile: CpuProfile,
  root: string,
  title: string,
  fromUs = 0,
  toUs = Number.POSITIVE_INFINITY,
): string {
  const tree = buildTree(profile, root, fromUs, toUs);
  const boxes: string[] = [];
  const depth = draw(tree, 0, 0, WIDTH / Math.max(tree.ms, 0.001), tree.ms, boxes);
  const height = (depth + 2) * ROW + 8;
  const head = `${title}: ${(tree.ms / 1000).toFixed(2)} s with something to do`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="4" y="13" font-size="12">${escapeXml(head)}</text>
${boxes.join('\n')}
</svg>
`;
}

function buildTree(profile: CpuProfile, root: string, fromUs: number, toUs: number): Frame {
  const byNode = samplesBetween(profile, fromUs, toUs);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const top: Frame = { name: 'all', ms: 0, children: new Map() };
  const add = (id: number, parent: Frame): number => {
    const node = nodes.get(id);
    if (!node || isWaiting(node.callFrame.functionName)) return 0;
    const name = frameName(node.callFrame, root);
    let frame = parent.children.get(name);
    if (!frame) {
      frame = { name, ms: 0, children: new Map() };
      parent.children.set(name, frame);
    }
    let ms = (byNode.get(id) ?? 0) / 1000;
    for (const child of node.children ?? []) ms += add(child, frame);
    frame.ms += ms;
    return ms;
  };
  const [first] = profile.nodes;
  for (const child of first?.children ?? []) top.ms += add(child, top);
  return top;
}

/** @returns how many rows it took */
function draw(
  frame: Frame,
  x: number,
  depth: number,
  scale: number,
  total: number,
  boxes: string[],
): number {
  let left = x;
  let deepest = depth;
  for (const child of [...frame.children.values()].sort((a, b) => b.ms - a.ms)) {
    const width = child.ms * scale;
    if (width < MIN_SHARE * WIDTH) continue;
    boxes.push(box(child, left, depth, width, total));
    deepest = Math.max(deepest, draw(child, left, depth + 1, scale, total, boxes));
    left += width;
  }
  return deepest;
}

function box(frame: Frame, x: number, depth: number, width: number, total: number): string {
  const y = (depth + 1) * ROW + 4;
  const [, colour = OTHER] = COLOURS.find(([pattern]) => pattern.test(frame.name)) ?? [];
  const share = ((frame.ms / total) * 100).toFixed(1);
  const letters = Math.floor((width - 4) / LETTER);
  const label = frame.name.length > letters ? `${frame.name.slice(0, letters - 1)}…` : frame.name;
  const text =
    letters > 2 ? `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escapeXml(label)}</text>` : '';
  return `<g><title>${escapeXml(`${frame.name}: ${frame.ms.toFixed(0)} ms, ${share} %`)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${(width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${colour}"/>${text}</g>`;
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
