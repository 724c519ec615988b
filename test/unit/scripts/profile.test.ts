import { describe, expect, it } from 'vitest';
import { drawFlames } from '../../../scripts/profile/flame-svg.ts';
import { type CpuProfile, renderProfile, selfTime } from '../../../scripts/profile/self-time.ts';

const frame = (functionName: string, url = '', lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
});

/** Samples of a millisecond each, from 1,000,000 us of the clock on. */
function profile(urls: readonly string[], samples: readonly number[]): CpuProfile {
  return {
    nodes: [
      { id: 1, callFrame: frame('(root)') },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('upsert', 'file:///somewhere/dist/src/crds/table.js', 9) },
      { id: 4, callFrame: frame('upsert', 'file:///somewhere/dist/src/crds/table.js', 9) },
      { id: 5, callFrame: frame('waitForBatch', 'file:///somewhere/dist/src/shm/slab.js', 0) },
      { id: 6, callFrame: frame('', 'node:internal/timers', 3) },
      ...urls.map((url, i) => ({ id: 10 + i, callFrame: frame('entry', url) })),
    ],
    startTime: 1_000_000,
    samples,
    timeDeltas: samples.map(() => 1_000),
  };
}

describe('a drawing', () => {
  const { nodes, ...rest } = profile([], [2, 3, 3, 3, 4, 5, 6, 6, 6, 6]);
  const children = new Map([
    [1, [2, 3, 5]],
    [3, [4, 6]],
  ]);
  const linked = {
    ...rest,
    nodes: nodes.map((node) => ({ ...node, children: children.get(node.id) ?? [] })),
  };
  const boxes = (svg: string): { title: string; x: number; width: number }[] =>
    [...svg.matchAll(/<title>(.*?)<\/title><rect x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(
      ([, title = '', x, width]) => ({ title, x: Number(x), width: Number(width) }),
    );

  it('shows who called whom, in shares of the time with something to do', () => {
    const svg = drawFlames(linked, '/somewhere', 'a <thread>');
    expect(svg).toContain('a &lt;thread&gt;: 0.01 s with something to do');
    expect(boxes(svg)).toEqual([
      { title: 'upsert src/crds/table.js:10: 8 ms, 100.0 %', x: 0, width: 1199.5 },
      { title: '(anonymous) node:internal/timers: 4 ms, 50.0 %', x: 0, width: 599.5 },
      { title: 'upsert src/crds/table.js:10: 1 ms, 12.5 %', x: 600, width: 149.5 },
    ]);
  });

  it('of nothing is a drawing too', () => {
    expect(boxes(drawFlames(linked, '/somewhere', 'nothing', 5e6, 6e6))).toEqual([]);
  });
});

describe('self time', () => {
  const samples = [2, 3, 4, 3, 5, 6, 2, 2, 3, 3];

  it('is added up by function, wherever it was called from', () => {
    const { totalMs, idleMs, functions } = selfTime(profile([], samples), '/somewhere');
    expect(totalMs).toBe(10);
    expect(idleMs, 'nothing to do, and a thread that waits for work').toBe(4);
    expect(functions).toEqual([
      { name: 'upsert src/crds/table.js:10', ms: 5 },
      { name: 'waitForBatch src/shm/slab.js:1', ms: 1 },
      { name: '(anonymous) node:internal/timers', ms: 1 },
    ]);
  });

  it('leaves out what was before and after', () => {
    const { totalMs, functions } = selfTime(
      profile([], samples),
      '/somewhere',
      1_002_000,
      1_004_000,
    );
    expect(totalMs).toBe(3);
    expect(functions).toEqual([{ name: 'upsert src/crds/table.js:10', ms: 3 }]);
  });

  const threads = [
    { name: 'main', urls: ['file:///a/dist/src/cli/main.js'] },
    { name: 'listen', urls: ['file:///a/piscina/worker.js', 'file:///a/dist/workers/listen.js'] },
    { name: 'receive', urls: ['file:///a/dist/workers/receive.js'] },
    { name: 'another thread', urls: ['file:///a/dist/other.js'] },
  ];
  for (const { name, urls } of threads) {
    it(`knows the thread: ${name}`, () => {
      expect(selfTime(profile(urls, []), '/a').thread).toBe(name);
    });
  }

  it('is shown with shares, most first', () => {
    const text = renderProfile(selfTime(profile([], samples), '/somewhere'), 2);
    expect(text.split('\n')).toEqual([
      'another thread: 0.0 s, of which 40.0 % waiting',
      '   50.0 %       5 ms  upsert src/crds/table.js:10',
      '   10.0 %       1 ms  waitForBatch src/shm/slab.js:1',
    ]);
  });
});
