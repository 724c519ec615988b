import { describe, expect, it } from 'vitest';
import { answerRpc, MAX_BATCH, type RpcMethod } from '../../../../src/api/rpc/json-rpc.ts';

const methods = new Map<string, RpcMethod>([
  ['one', async () => '1'],
  ['echo', async (params) => JSON.stringify(params ?? null)],
  [
    'bug',
    async () => {
      throw new TypeError('a secret path');
    },
  ],
]);

const bugs: unknown[] = [];
const ask = (text: string) => answerRpc(text, methods, (error) => bugs.push(error));

const request = (id: unknown, method = 'one') => ({ jsonrpc: '2.0', id, method });
const error = (code: number, message: string, id: unknown = null): string =>
  JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id });

describe('a request', () => {
  const cases = [
    {
      name: 'with a number',
      text: JSON.stringify(request(7)),
      body: '{"jsonrpc":"2.0","result":1,"id":7}',
    },
    {
      name: 'with a text',
      text: JSON.stringify(request('a"b')),
      body: '{"jsonrpc":"2.0","result":1,"id":"a\\"b"}',
    },
    {
      name: 'with null',
      text: JSON.stringify(request(null)),
      body: '{"jsonrpc":"2.0","result":1,"id":null}',
    },
    {
      name: 'that is no JSON',
      text: '{"jsonrpc":',
      body: error(-32700, 'Parse error'),
      status: 400,
    },
    { name: 'that is empty', text: '', body: error(-32700, 'Parse error'), status: 400 },
    { name: 'that is a number', text: '5', body: error(-32600, 'Invalid request') },
    { name: 'that is null', text: 'null', body: error(-32600, 'Invalid request') },
    {
      name: 'of another version',
      text: '{"jsonrpc":"1.0","id":3,"method":"one"}',
      body: error(-32600, 'Invalid request', 3),
    },
    {
      name: 'without a version',
      text: '{"id":3,"method":"one"}',
      body: error(-32600, 'Invalid request', 3),
    },
    {
      name: 'without a method',
      text: '{"jsonrpc":"2.0","id":3}',
      body: error(-32600, 'Invalid request', 3),
    },
    {
      name: 'with an object for an id',
      text: '{"jsonrpc":"2.0","id":{},"method":"one"}',
      body: error(-32600, 'Invalid request'),
    },
    {
      name: 'that inherits',
      text: '{"__proto__":{"method":"one"},"jsonrpc":"2.0","id":1}',
      body: error(-32600, 'Invalid request', 1),
    },
    {
      name: 'of an unknown method',
      text: JSON.stringify(request(1, 'toString')),
      body: error(-32601, 'Method not found', 1),
    },
    {
      name: 'that meets a bug',
      text: JSON.stringify(request(1, 'bug')),
      body: error(-32603, 'Internal error', 1),
    },
    {
      name: 'without an id is not answered',
      text: '{"jsonrpc":"2.0","method":"one"}',
      body: '',
      status: 204,
    },
    {
      name: 'without an id is not answered, if wrong',
      text: '{"jsonrpc":"2.0","method":"no"}',
      body: '',
      status: 204,
    },
    {
      name: 'with deep params',
      text: `{"jsonrpc":"2.0","id":1,"method":"one","params":${'['.repeat(9_000)}${']'.repeat(9_000)}}`,
      body: '{"jsonrpc":"2.0","result":1,"id":1}',
    },
    {
      name: 'of brackets alone',
      text: '['.repeat(60_000),
      body: error(-32700, 'Parse error'),
      status: 400,
    },
  ];
  for (const { name, text, body, status = 200 } of cases) {
    it(name, async () => {
      expect(await ask(text)).toEqual({ status, body });
    });
  }

  it('that meets a bug is told to us, not to others', () => {
    expect(bugs.map(String)).toEqual(['TypeError: a secret path']);
  });
});

describe('a batch', () => {
  it('is answered in order, notifications not', async () => {
    const { body } = await ask(
      JSON.stringify([request(1), { jsonrpc: '2.0', method: 'one' }, 3, request(2, 'no')]),
    );
    expect(JSON.parse(body)).toEqual([
      { jsonrpc: '2.0', result: 1, id: 1 },
      { jsonrpc: '2.0', error: { code: -32600, message: 'Invalid request' }, id: null },
      { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: 2 },
    ]);
  });

  it('of notifications is not answered', async () => {
    expect(await ask('[{"jsonrpc":"2.0","method":"one"}]')).toEqual({ status: 204, body: '' });
  });

  it('has 1 to 20 requests', async () => {
    const most = Array.from({ length: MAX_BATCH }, (_, i) => request(i));
    expect((JSON.parse((await ask(JSON.stringify(most))).body) as object[]).length).toBe(MAX_BATCH);
    const code = async (batch: unknown[]): Promise<number> =>
      (JSON.parse((await ask(JSON.stringify(batch))).body) as { error: { code: number } }).error
        .code;
    expect(await code([...most, request(99)])).toBe(-32600);
    expect(await code([])).toBe(-32600);
  });
});
