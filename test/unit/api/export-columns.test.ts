import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  chooseColumns,
  gist,
  NODE_COLUMNS,
  NODE_TABLE,
  pick,
  sortRows,
  VALUE_COLUMNS,
  VALUE_CSV,
  VALUE_TABLE,
} from '../../../src/api/export-columns.ts';
import type { NodeInfo } from '../../../src/api/nodes.ts';
import type { ValueJson } from '../../../src/api/value-json.ts';

const NODE: NodeInfo = {
  pubkey: 'a',
  proved: true,
  stake: null,
  liveness: null,
  firstSeenMs: 1,
  lastSeenMs: 2500,
  gossip: '192.0.2.1:8001',
  tvu: null,
  rpc: null,
  tpuQuic: null,
  version: '4.4.0',
  client: 'Agave',
  clientId: 3,
  commit: '7c44d975',
  featureSet: 7,
  shredVersion: 50_093,
  wallclock: 1_787_000_000_000,
  outset: '1787000000000000',
  sockets: [{ key: 0, name: 'gossip', addr: '192.0.2.1', port: 8001 }],
};

describe('columns of nodes', () => {
  it('say all that is known, liveness in parts', () => {
    const names = NODE_COLUMNS.map(({ name }) => name);
    const fields = Object.keys(NODE).filter((name) => name !== 'liveness');
    expect(names).toEqual(expect.arrayContaining([...fields, 'life', 'because', 'roundTripMs']));
    expect(new Set(names).size).toBe(names.length);
    expect(chooseColumns(NODE_COLUMNS, NODE_TABLE).length).toBe(NODE_TABLE.length);
  });

  it('have texts for people', () => {
    const text = (name: string): unknown => {
      const [column] = chooseColumns(NODE_COLUMNS, [name]);
      return column?.text ? column.text(NODE) : column?.cell(NODE);
    };
    expect(text('proved')).toBe('yes');
    expect(text('lastSeenMs')).toBe('2.5s');
    expect(text('wallclock')).toBe('2026-08-17 20:53:20');
    expect(text('outset')).toBe('2026-08-17 20:53:20');
    expect(text('roundTripMs')).toBe('-');
    expect(text('sockets')).toBe('gossip=192.0.2.1:8001');
  });

  it('are the fields of JSON, where sockets stay a list', () => {
    const columns = chooseColumns(NODE_COLUMNS, ['sockets', 'PUBKEY ']);
    expect(pick(NODE, columns)).toEqual({ sockets: NODE.sockets, pubkey: 'a' });
    expect(() => chooseColumns(NODE_COLUMNS, ['key'])).toThrow(/no column "key"\. Choose from pub/);
  });

  it('sort rows: versions as versions, what is missing first, ties as they came', () => {
    const nodes = [
      { ...NODE, pubkey: 'a', version: '4.10.0', stake: 5 },
      { ...NODE, pubkey: 'b', version: '4.9.0', stake: null },
      { ...NODE, pubkey: 'c', version: '4.9.0-rc.1', stake: 50 },
      { ...NODE, pubkey: 'd', version: '4.10.0', stake: 5 },
    ];
    const by = (...names: string[]): string =>
      sortRows(nodes, NODE_COLUMNS, names)
        .map(({ pubkey }) => pubkey)
        .join('');
    expect(by('version')).toBe('cbad');
    expect(by('-version', '-pubkey')).toBe('dabc');
    expect(by('stake')).toBe('badc');
    expect(by('-stake')).toBe('cadb');
    expect(by('proved')).toBe('abcd');
  });
});

describe('columns of values', () => {
  const file = new URL('../../fixtures/cluster-tables.jsonl.gz', import.meta.url);
  const values = gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ValueJson);

  it('are filled for every recorded value', () => {
    const columns = chooseColumns(VALUE_COLUMNS, [...new Set([...VALUE_TABLE, ...VALUE_CSV])]);
    for (const value of values) {
      for (const { name, cell, text } of columns) {
        const shown = `${text ? text(value) : cell(value)}`;
        const mayBeEmpty = name === 'index';
        if (!mayBeEmpty) expect(shown, name).toMatch(/\S/);
        expect(shown, name).not.toMatch(/undefined|NaN|\[object|Invalid/);
      }
    }
  });

  it('say in few words what a value says', () => {
    const said = new Map(values.map((value) => [value.kind, gist(value)]));
    expect(said.get('Vote')).toMatch(/^votes for slot \d+$/);
    expect(said.get('ContactInfo')).toMatch(/^4\.4\.0 at 127\.0\.0\.1:\d+$/);
    for (const [kind, words] of said) expect(words.length, kind).toBeGreaterThan(5);
  });
});
