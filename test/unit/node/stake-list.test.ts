import { describe, expect, it } from 'vitest';
import type { Stakes } from '../../../src/crds/peers.ts';
import {
  MAX_STAKED,
  quote,
  type StakeMap,
  stakesFromMap,
  stakesFromText,
  totalSol,
} from '../../../src/node/stake-list.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { toBase58 } from '../../../src/util/base58.ts';

const keyOf = (number: number): string => {
  const bytes = new Uint8Array(32).fill(7);
  new DataView(bytes.buffer).setUint32(8, number, true);
  return toBase58(bytes);
};
const [A, B, C] = [keyOf(1), keyOf(2), keyOf(3)];
const ORIGIN = { name: 'the stake file s', advice: 'Mend it.' };
const SOL = 1_000_000_000;

const account = (nodePubkey: string, activatedStake: unknown) => ({
  votePubkey: keyOf(99),
  nodePubkey,
  activatedStake,
  epochCredits: [[1, 64, 0]],
});
const json = (value: unknown): string => JSON.stringify(value);

function listed(stakes: Stakes): Record<string, number> {
  return Object.fromEntries([...stakes.entries()].map(([key, stake]) => [toBase58(key), stake]));
}

function errorOf(work: () => unknown): SpyError {
  try {
    work();
  } catch (error) {
    if (error instanceof SpyError) return error;
    throw error;
  }
  return expect.fail('no error');
}

describe('a list of stakes', () => {
  const read: { name: string; text: string; stakes: Record<string, number> }[] = [
    { name: 'a map of numbers', text: json({ [A]: 5, [B]: 7 }), stakes: { [A]: 5, [B]: 7 } },
    { name: 'a map of strings', text: json({ [A]: '5', [B]: '7' }), stakes: { [A]: 5, [B]: 7 } },
    {
      name: 'an RPC answer, current and delinquent added up, without stake left out',
      text: json({
        jsonrpc: '2.0',
        id: 1,
        result: {
          current: [account(A, 5), account(B, 7), account(A, 10), account(C, 0)],
          delinquent: [account(B, 100)],
        },
      }),
      stakes: { [A]: 15, [B]: 107 },
    },
    {
      name: 'the result without its envelope',
      text: json({ current: [account(A, 5)], delinquent: [] }),
      stakes: { [A]: 5 },
    },
    { name: 'a list', text: json([account(A, 5), account(A, '6')]), stakes: { [A]: 11 } },
    {
      name: 'what the Solana CLI prints',
      text: json({ validators: [{ identityPubkey: A, activatedStake: 5, delinquent: true }] }),
      stakes: { [A]: 5 },
    },
    {
      name: 'white space and a mark before JSON',
      text: `\uFEFF \n {"${A}": 1}`,
      stakes: { [A]: 1 },
    },
    {
      name: 'more than 2^53 lamports',
      text: `{"${A}": 18446744073709551615, "${B}": "18446744073709551615"}`,
      stakes: { [A]: 2 ** 64, [B]: 2 ** 64 },
    },
    {
      name: 'CSV without header, any ends of lines, comments, the same node twice',
      text: `\uFEFF${A},5\r\n\n# ours\n  \n${B}, 7\r${A},1`,
      stakes: { [A]: 6, [B]: 7 },
    },
    { name: 'CSV with header', text: `pubkey,lamports\n${A},5\n`, stakes: { [A]: 5 } },
    {
      name: 'CSV in SOL',
      text: `node,sol\n${A},1.5\n${B},0.000000001\n${C},2.\n`,
      stakes: { [A]: 1.5 * SOL, [B]: 1, [C]: 2 * SOL },
    },
    {
      name: 'CSV with other columns and quotes',
      text: `name,SOL,activatedStake,nodePubkey\n"Stake, Inc. ""A""",9,5,"${A}"\n,9,6,${B}`,
      stakes: { [A]: 5, [B]: 6 },
    },
    ...['identity', 'pubkey', 'node', 'nodePubkey', 'identityPubkey'].flatMap((identity) =>
      ['stake', 'lamports', 'activatedStake'].map((stake) => ({
        name: `CSV with columns ${stake} and ${identity}`,
        text: `${stake},${identity.toUpperCase()}\n5,${A}`,
        stakes: { [A]: 5 },
      })),
    ),
  ];

  for (const { name, text, stakes } of read) {
    it(`is read from ${name}`, () => {
      expect(listed(stakesFromText(text, ORIGIN)), name).toEqual(stakes);
    });
  }

  const refused: { name: string; text: string; code: string; says: string }[] = [
    { name: 'nothing', text: '', code: 'STAKES_EMPTY', says: 'names no node with stake' },
    { name: 'comments', text: '# a\n\n', code: 'STAKES_EMPTY', says: 'Mend it.' },
    { name: 'a header alone', text: 'pubkey,sol', code: 'STAKES_EMPTY', says: 'no node' },
    { name: 'nobody with stake', text: json({ [A]: 0 }), code: 'STAKES_EMPTY', says: 'no node' },
    { name: 'an empty list', text: '[]', code: 'STAKES_EMPTY', says: 'no node' },
    { name: 'broken JSON', text: '{"a":', code: 'STAKES_NOT_JSON', says: 'is not JSON' },
    {
      name: 'an RPC error',
      text: json({ jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method\n not found' } }),
      code: 'STAKES_RPC_ERROR',
      says: 'an error of the RPC node (-32601: Method? not found)',
    },
    {
      name: 'a result of another method',
      text: json({ result: 12 }),
      code: 'STAKES_MALFORMED',
      says: 'holds no stakes',
    },
    {
      name: 'a half answer',
      text: json({ current: [account(A, 5)] }),
      code: 'STAKES_MALFORMED',
      says: '"delinquent" is no list',
    },
    {
      name: 'a number in a list',
      text: json([account(A, 5), 5]),
      code: 'STAKES_MALFORMED',
      says: 'entry 2 of the list is no object',
    },
    {
      name: 'an account without identity',
      text: json({ current: [{ activatedStake: 5 }], delinquent: [] }),
      code: 'STAKES_MALFORMED',
      says: 'entry 1 of "current" has "undefined" where an identity should be',
    },
    {
      name: 'a key of the object itself',
      text: '{"__proto__": 5}',
      code: 'STAKES_MALFORMED',
      says: '"__proto__" where an identity',
    },
    ...[-1, 1.5, 1e300, null, true, '', '1e3', '-1', ' 1', '0x10', '99999999999999999999', {}].map(
      (stake) => ({
        name: `the stake ${json(stake)}`,
        text: json({ [A]: stake }),
        code: 'STAKES_MALFORMED',
        says: 'where a stake should be',
      }),
    ),
    {
      name: 'a bad identity in line 4',
      text: `# x\n${A},5\n\nabc\u0007,6\n`,
      code: 'STAKES_MALFORMED',
      says: 'line 4 has "abc?" where an identity should be',
    },
    {
      name: 'a bad stake in line 3',
      text: `identity,lamports\n${A},5\n${B},5.5\n`,
      code: 'STAKES_MALFORMED',
      says: 'line 3 has "5.5" where a stake should be',
    },
    {
      name: 'a line that ends early',
      text: `${A},5\n${B}\n`,
      code: 'STAKES_MALFORMED',
      says: 'line 2 has "" where a stake should be',
    },
    ...['-1', '1.0000000001', '.5', '1e3', '99999999999', ''].map((sol) => ({
      name: `${sol} SOL`,
      text: `identity,sol\n${A},${sol}`,
      code: 'STAKES_MALFORMED',
      says: `line 2 has "${sol}" where a stake should be`,
    })),
    {
      name: 'a header that says too little',
      text: 'name,stake\nx,5',
      code: 'STAKES_MALFORMED',
      says: 'line 1 is neither',
    },
    {
      name: 'a stake before its identity',
      text: `5,${A}`,
      code: 'STAKES_MALFORMED',
      says: 'line 1 is neither',
    },
  ];

  for (const { name, text, code, says } of refused) {
    it(`is refused: ${name}`, () => {
      const error = errorOf(() => stakesFromText(text, ORIGIN));
      expect(error.code, name).toBe(code);
      expect(error.message, name).toContain(says);
      expect(error.message, name).toMatch(/^The stake file s .* Mend it\.$/);
    });
  }

  it('has a limit', () => {
    const lines = Array.from({ length: MAX_STAKED + 1 }, (_, i) => `${keyOf(i)},1`);
    const most = stakesFromText(lines.slice(1).join('\n'), ORIGIN);
    expect(most.size).toBe(MAX_STAKED);
    expect(errorOf(() => stakesFromText(lines.join('\n'), ORIGIN)).code).toBe('STAKES_TOO_MANY');
  });
});

describe('stakes of a program', () => {
  it('may be numbers, bigints and strings, and nobody', () => {
    const map: StakeMap = new Map<string, bigint | number | string>([
      [A, 5n],
      [B, 6],
      [C, '7'],
    ]);
    expect(listed(stakesFromMap(map))).toEqual({ [A]: 5, [B]: 6, [C]: 7 });
    expect(stakesFromMap(new Map()).size).toBe(0);
    expect(stakesFromMap(new Map([[A, 0]])).anyPositive).toBe(false);
  });

  for (const [name, entry] of Object.entries({
    'a bad identity': ['x', 1],
    'a negative stake': [A, -1n],
    'a fraction': [A, 0.5],
    'more than fits': [A, 2n ** 65n],
  }) as [string, [string, bigint | number]][]) {
    it(`are refused with ${name}`, () => {
      expect(errorOf(() => stakesFromMap(new Map([entry]))).code, name).toBe('STAKES_MALFORMED');
    });
  }

  it('add up', () => {
    expect(
      totalSol(
        stakesFromMap(
          new Map([
            [A, SOL],
            [B, SOL / 2],
          ]),
        ),
      ),
    ).toBe(1.5);
  });
});

it('text of others becomes harmless and short', () => {
  expect(quote('a\u001b[31mb\u202e')).toBe('a?[31mb?');
  expect(quote('x'.repeat(81))).toBe(`${'x'.repeat(77)}...`);
  expect(quote('x'.repeat(80))).toHaveLength(80);
});
