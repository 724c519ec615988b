import { describe, expect, it } from 'vitest';
import { judgeLiveness, type LivenessEvidence } from '../../../src/api/liveness.ts';
import type { NodeInfo } from '../../../src/api/nodes.ts';
import { coverageText, renderNodes, renderSummary, sortNodes } from '../../../src/cli/spy-table.ts';

const CONTEXT = { columns: 160, elapsedMs: 5_000 };

const EVIDENCE: LivenessEvidence = {
  heardMs: 1_000,
  signedMs: 1_000,
  answered: { agoMs: 1_000, roundTripMs: 12.34 },
  unanswered: 0,
  votes: null,
  epochSlots: null,
  via: null,
  otherInstance: null,
};

function nodeOf(name: string, more: Partial<NodeInfo> = {}): NodeInfo {
  return {
    pubkey: name.padEnd(44, '1'),
    proved: true,
    stake: null,
    liveness: judgeLiveness(EVIDENCE),
    firstSeenMs: 0,
    lastSeenMs: 4_000,
    gossip: '198.51.100.1:8001',
    tvu: '198.51.100.1:8002',
    rpc: null,
    tpuQuic: null,
    version: '4.4.0',
    client: 'Agave',
    clientId: 3,
    commit: '00000001',
    featureSet: 2,
    shredVersion: 1,
    wallclock: 0,
    outset: '0',
    sockets: [],
    ...more,
  };
}

const namesOf = (nodes: readonly NodeInfo[]): string[] =>
  nodes.map(({ pubkey }) => pubkey.replace(/1+$/, ''));

describe('the node table', () => {
  const cases: { name: string; stake: number | null; cell: RegExp }[] = [
    { name: 'none', stake: 0, cell: / - +4\.4\.0/ },
    { name: 'a little', stake: 0.000000001, cell: / <1 +4\.4\.0/ },
    { name: 'almost two SOL', stake: 1.999, cell: / 1 +4\.4\.0/ },
    { name: 'a lot', stake: 12_345_678.9, cell: / 12,345,678 +4\.4\.0/ },
    { name: 'nobody knows', stake: null, cell: / - +4\.4\.0/ },
  ];
  for (const { name, stake, cell } of cases) {
    it(`shows the stake of a node with ${name} among others`, () => {
      const table = renderNodes([nodeOf('A', { stake }), nodeOf('B', { stake: 7 })], CONTEXT);
      const row = table.split('\n').find((line) => line.includes(' A1111'));
      expect(table.split('\n')[0], name).toMatch(/Identity +Stake +Version/);
      expect(row, name).toMatch(cell);
    });
  }

  it('has no such column while nobody’s stake is known', () => {
    expect(renderNodes([nodeOf('A')], CONTEXT)).not.toContain('Stake');
    expect(renderSummary([nodeOf('A')], 1)).not.toContain('Stake');
  });

  it('is in order of stake, then as without', () => {
    const nodes = [
      nodeOf('D', { stake: 0, version: '4.3.0' }),
      nodeOf('E', { stake: 0, proved: false }),
      nodeOf('C', { stake: 0 }),
      nodeOf('B', { stake: 2, proved: false, tvu: null }),
      nodeOf('A', { stake: 3, version: '4.2.0' }),
    ];
    expect(namesOf(sortNodes(nodes))).toEqual(['A', 'B', 'C', 'D', 'E']);
    const unknown = nodes.map((node) => ({ ...node, stake: null }));
    expect(namesOf(sortNodes(unknown))).toEqual(['C', 'D', 'A', 'E', 'B']);
  });

  it('has verdict and round trip where there is room', () => {
    const deaf = judgeLiveness({ ...EVIDENCE, answered: null, unanswered: 5 });
    const nodes = [nodeOf('A'), nodeOf('B', { liveness: deaf })];
    const [head, ...rows] = renderNodes(nodes, CONTEXT).split('\n');
    expect(head).toMatch(/Proved +Life +Ping$/);
    expect(rows[0]).toMatch(/yes +alive +12 ms$/);
    expect(rows[1]).toMatch(/yes +unreachable +-$/);
    for (const columns of [60, 80, 100, 124, 130, 140]) {
      const narrow = renderNodes(nodes, { ...CONTEXT, columns }).split('\n');
      const widest = Math.max(...narrow.map((line) => line.length));
      expect(widest, `${columns} columns`).toBeLessThanOrEqual(columns);
    }
    expect(renderSummary(nodes, 1)).toMatch(/^Life: {5}alive ×1, unreachable ×1$/m);
  });

  it('sums up', () => {
    const nodes = [1_000.5, 2_000.5, 0].map((stake) => nodeOf('A', { stake }));
    expect(renderSummary(nodes, 9)).toMatch(/^Stake: {4}2 nodes with 3,001 SOL$/m);
  });
});

describe('how many nodes there are', () => {
  const coverage = { nodes: 9, low: 8, high: 12, known: 8, confidence: 0.95 };
  const rest = { samples: 10, captured: 11, recaptured: 11 };
  it('is said with its limits, or as one number when these are the same', () => {
    expect(coverageText({ ...coverage, ...rest })).toBe(
      'about 9 nodes exist (8 to 12 with 95 % confidence), 8 of them known; from 11 nodes drawn in 10 samples',
    );
    expect(coverageText({ ...coverage, ...rest, nodes: 8, high: 8 })).toBe(
      '8 nodes and no more exist (with 95 % confidence), 8 of them known; from 11 nodes drawn in 10 samples',
    );
  });
});
