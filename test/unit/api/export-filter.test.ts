import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  nodeTest,
  valueTest,
  versionTest,
} from '../../../src/api/export-filter.ts';
import type { NodeInfo } from '../../../src/api/nodes.ts';
import { SpyError } from '../../../src/util/assert.ts';

describe('versions', () => {
  const cases: { condition: string; fits: string[]; not: string[] }[] = [
    { condition: '4.3', fits: ['4.3.0', '4.3.12', '4.3.0-beta.1'], not: ['4.30.0', '4.4.0'] },
    { condition: '=4.3.0', fits: ['4.3.0', '4.3.0-alpha.1'], not: ['4.3.01', '4.3.1'] },
    { condition: '>=4.3.0', fits: ['4.3.0', '4.10.0'], not: ['4.3.0-alpha.1', '4.2.9'] },
    { condition: '>4.3', fits: ['4.4.0'], not: ['4.3.0', '4.3.7'] },
    { condition: '<=4.3', fits: ['4.3.9', '4.2.0'], not: ['4.4.0'] },
    { condition: '<4.3.0', fits: ['4.3.0-rc.1', '0.1004.40404'], not: ['4.3.0'] },
    { condition: '>=4.3, <4.4', fits: ['4.3.5'], not: ['4.2.9', '4.4.0'] },
    { condition: '>=4.3.0-alpha.9', fits: ['4.3.0-alpha.10', '4.3.0'], not: ['4.3.0-alpha.8'] },
  ];
  for (const { condition, fits, not } of cases) {
    it(condition, () => {
      const test = versionTest(condition);
      for (const version of fits) expect(test(version), version).toBe(true);
      for (const version of not) expect(test(version), version).toBe(false);
    });
  }

  it('that are none are refused with an example', () => {
    for (const condition of ['', 'four', '>=', '4.3.', '4.3,,', '~4.3', '1.2.3.4']) {
      expect(() => versionTest(condition), condition).toThrow(SpyError);
    }
    expect(() => versionTest('four')).toThrow(/"four" is no condition .*">=4\.3\.0,<4\.4"/);
  });

  it('are ordered by numbers, pre-releases first', () => {
    const sorted = ['4.3.0-alpha.2', '4.3.0-alpha.10', '4.3.0-beta.0', '4.3.0', '4.3.2', '4.10.0'];
    expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
  });
});

const node = (pubkey: string, client: string, version: string, proved: boolean): NodeInfo =>
  ({ pubkey, client, clientId: client === 'Agave' ? 3 : 5, version, proved }) as NodeInfo;

const NODES = [
  node('a', 'Agave', '4.3.0', true),
  node('b', 'Firedancer', '4.4.0', true),
  node('c', 'Agave', '4.4.0', false),
];

describe('filters', () => {
  const cases = [
    { filter: {}, keys: 'abc' },
    { filter: { pubkeys: ['a', 'c'] }, keys: 'ac' },
    { filter: { version: '4.4' }, keys: 'bc' },
    { filter: { clients: ['agave'] }, keys: 'ac' },
    { filter: { clients: ['5'] }, keys: 'b' },
    { filter: { clients: ['agave', 'FIREDANCER'], proved: true }, keys: 'ab' },
    { filter: { proved: false }, keys: 'c' },
    { filter: { pubkeys: ['a'], version: '4.4' }, keys: '' },
  ];
  for (const { filter, keys } of cases) {
    it(JSON.stringify(filter), () => {
      expect(NODES.filter(nodeTest(filter)).map((one) => one.pubkey)).toEqual([...keys]);
    });
  }

  it('take values by kind and by the node that signed them', () => {
    const values = [
      { kind: 'Vote', from: 'a' },
      { kind: 'ContactInfo', contactInfo: { pubkey: 'b' } },
      { kind: 'Vote', from: 'stranger' },
    ].map(
      (value) =>
        ({ length: 1, sha256: '', ...value }) as Parameters<ReturnType<typeof valueTest>>[0],
    );
    const taken = (filter: Parameters<typeof valueTest>[0]): number[] => {
      const test = valueTest(filter, NODES);
      return values.flatMap((value, i) => (test(value) ? [i] : []));
    };
    expect(taken({})).toEqual([0, 1, 2]);
    expect(taken({ kinds: ['Vote'] })).toEqual([0, 2]);
    expect(taken({ pubkeys: ['b'] })).toEqual([1]);
    expect(taken({ proved: true })).toEqual([0, 1]);
    expect(taken({ clients: ['sig'] }), 'nobody fits, so nothing does').toEqual([]);
  });
});
