import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES } from '../../../../src/api/http/limits.ts';
import { OPENAPI } from '../../../../src/api/http/openapi.ts';
import type { NodePage } from '../../../../src/api/http/resources.ts';
import { listNodes } from '../../../../src/api/listing.ts';
import type { NodeInfo } from '../../../../src/api/nodes.ts';
import { alice, bob, carol, Served } from '../served.ts';

const served = new Served().meet(alice, bob);
served.test.from(bob, bob.push(carol.contact({ wallclock: served.test.clock.wallMs() })));
served.vote(alice, 100);
const keys = [alice, bob, carol].map(({ address }) => address).sort();

type Page = NodePage & { seq: number };

describe('/v1/nodes', () => {
  it('lists everybody but us, in order, proved or not, as --json does', async () => {
    const { nodes, total, next } = await served.json<Page>('/v1/nodes');
    expect(nodes.map(({ pubkey }) => pubkey)).toEqual(keys);
    expect([total, next]).toEqual([3, null]);
    expect(nodes.filter(({ proved }) => proved).length).toBe(2);
    const listed = listNodes(served.test.node, 0).sort((a, b) => (a.pubkey < b.pubkey ? -1 : 1));
    expect(nodes.map(strip)).toEqual(listed.map(strip));
  });

  it('goes page by page', async () => {
    const seen: string[] = [];
    let after = '';
    for (let pages = 0; pages < 5; pages++) {
      const page = await served.json<Page>(`/v1/nodes?limit=2${after}`);
      seen.push(...page.nodes.map(({ pubkey }) => pubkey));
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    expect(seen).toEqual(keys);
    expect((await served.json<Page>(`/v1/nodes?after=${keys[2]}`)).nodes).toEqual([]);
  });

  const filters = [
    { name: 'a version', query: 'version=4.4.0', found: 3 },
    { name: 'how a version begins', query: 'version=4.4', found: 3 },
    { name: 'no version of that name', query: 'version=4.40', found: 0 },
    { name: 'proved', query: 'proved=true', found: 2 },
    { name: 'not proved', query: 'proved=0', found: 1 },
    { name: 'with RPC', query: 'rpc=true', found: 0 },
    { name: 'client', query: 'client=Agave', found: 3 },
    { name: 'another client', query: 'client=Sig', found: 0 },
    { name: 'network', query: 'network=198.51.0.0/16', found: 3 },
    { name: 'one address', query: `network=198.51.0.${alice.ip & 255}`, found: 1 },
    { name: 'another network', query: 'network=10.0.0.0/8', found: 0 },
  ];
  for (const { name, query, found } of filters) {
    it(`filters by ${name}`, async () => {
      const { total, nodes } = await served.json<Page>(`/v1/nodes?${query}`);
      expect([total, nodes.length], name).toEqual([found, found]);
    });
  }

  it('shows one with its values, and a verdict on its life', async () => {
    const node = await served.json<NodeInfo & { values: object }>(`/v1/nodes/${alice.address}`);
    expect(node.values).toEqual({ ContactInfo: 1, Vote: 1 });
    expect(node.liveness?.verdict).toBe('alive');
    const unproved = await served.json<NodeInfo>(`/v1/nodes/${carol.address}`);
    expect([unproved.proved, unproved.liveness?.verdict]).toEqual([false, 'quiet']);
  });

  it('knows stakes once they are known', async () => {
    const other = new Served().meet(alice, bob);
    const before = await other.json<NodeInfo>(`/v1/nodes/${alice.address}`);
    other.stake([alice, 5e9], [bob, 0]);
    const after = await other.json<Page>('/v1/nodes');
    const stakes = Object.fromEntries(after.nodes.map(({ pubkey, stake }) => [pubkey, stake]));
    expect(before.stake).toBeNull();
    expect(stakes).toEqual({ [alice.address]: 5, [bob.address]: 0 });
  });
});

/** What does not depend on when and by whom it is asked. */
function strip({ firstSeenMs: _f, lastSeenMs: _l, liveness, ...node }: NodeInfo): unknown {
  return { ...node, verdict: liveness?.verdict };
}

describe('/v1/values', () => {
  it('pages through all of them', async () => {
    const kinds: string[] = [];
    let after = '';
    for (;;) {
      type Values = { values: { kind: string; bytes?: string }[]; next: number | null };
      const page = await served.json<Values>(`/v1/values?limit=1&bytes=true${after}`);
      kinds.push(...page.values.map(({ kind }) => kind));
      expect(page.values.every(({ bytes }) => (bytes?.length ?? 0) > 200)).toBe(true);
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    expect(kinds.sort()).toEqual(['ContactInfo', 'ContactInfo', 'ContactInfo', 'Vote']);
  });

  it('filters', async () => {
    const { values } = await served.json<{ values: object[] }>(
      `/v1/values?kind=Vote&from=${alice.address}`,
    );
    expect(values.length).toBe(1);
    expect(values[0]).not.toHaveProperty('bytes');
  });
});

describe('/v1/changes', () => {
  it('tells what happened, and goes on', async () => {
    type Changes = { changes: { kind: string; seq: number }[]; next: number; latest: number };
    const first = await served.json<Changes>('/v1/changes?limit=2');
    expect(first.changes.map(({ kind }) => kind)).toEqual(['appeared', 'appeared']);
    const rest = await served.json<Changes>(`/v1/changes?since=${first.next}`);
    expect(rest.changes.map(({ kind }) => kind)).toEqual(['voted']);
    expect(rest.next).toBe(rest.latest);
    const votes = await served.json<Changes>(`/v1/changes?kind=voted&pubkey=${alice.address}`);
    expect(votes.changes).toEqual(rest.changes);
  });

  it('says when it cannot', async () => {
    const gap = await served.json<{ gap: boolean; reason: string; nodes: object[] }>(
      '/v1/changes?since=0',
    );
    expect(gap).toMatchObject({ kind: 'gap', gap: true, reason: 'lost' });
    expect(gap.nodes.length).toBe(3);
  });
});

describe('what stands still', () => {
  it('is not sent twice', async () => {
    const first = await served.get(`/v1/nodes/${alice.address}`);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"[0-9a-f]{32}"$/);
    const again = await served.get(`/v1/nodes/${alice.address}`, { 'if-none-match': etag });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const other = await served.get(`/v1/nodes/${bob.address}`, { 'if-none-match': etag });
    expect(other.status).toBe(200);
  });

  it('is compressed for those who understand it', async () => {
    const plain = await served.get('/openapi.json');
    const packed = await served.get('/openapi.json', { 'accept-encoding': 'br, gzip;q=0.5' });
    const refused = await served.get('/openapi.json', { 'accept-encoding': 'gzip;q=0' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(refused.headers.get('content-encoding')).toBeNull();
    expect(packed.headers.get('etag')).toBe(plain.headers.get('etag'));
    const text = gunzipSync(Buffer.from(await packed.arrayBuffer())).toString();
    expect(text).toBe(await plain.text());
  });
});

describe('probes', () => {
  it('are ready once somebody is heard', async () => {
    const lonely = new Served().look();
    expect((await lonely.get('/healthz')).status).toBe(200);
    expect((await lonely.get('/readyz')).status).toBe(503);
    expect(await (await lonely.get('/health')).text()).toBe('unknown');
    expect((await served.get('/readyz')).status).toBe(200);
    expect(await (await served.get('/health')).text()).toBe('ok');
  });

  it('/v1/stats has what --stats has', async () => {
    const stats = await served.json<Record<string, { values: number }>>('/v1/stats');
    expect(stats['identity']).toBe(served.test.identity.address);
    expect(stats['table']?.values).toBe(4);
    expect(stats['stats']).toMatchObject({ table: { values: 4 }, datagrams: { kernelDropped: 0 } });
  });
});

describe('what is wrong is told', () => {
  const cases = [
    { path: '/v1/nodes/abc', status: 400, code: 'NOT_A_PUBKEY' },
    { path: `/v1/nodes/${'1'.repeat(44)}`, status: 400, code: 'NOT_A_PUBKEY' },
    { path: `/v1/nodes/${'1'.repeat(32)}`, status: 404, code: 'NODE_UNKNOWN' },
    { path: '/v1/nodes?limit=0', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/nodes?limit=1001', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/nodes?limit=1e2', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/nodes?limt=1', status: 400, code: 'PARAMETER_UNKNOWN' },
    { path: '/v1/nodes?__proto__=1', status: 400, code: 'PARAMETER_UNKNOWN' },
    { path: '/v1/nodes?limit=1&limit=2', status: 400, code: 'PARAMETER_TWICE' },
    { path: '/v1/nodes?network=1.2.3', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/nodes?proved=maybe', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/nodes?after=zzz', status: 400, code: 'NOT_A_PUBKEY' },
    { path: '/v1/values?kind=Nonsense', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/values?after=-1', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/changes?since=9007199254740991', status: 400, code: 'SINCE_IN_FUTURE' },
    { path: '/v1/changes?since=9007199254740993', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/changes?kind=exploded', status: 400, code: 'PARAMETER_VALUE' },
    { path: '/v1/nothing', status: 404, code: 'NO_SUCH_PATH' },
    { path: '/', status: 405, code: 'USE_POST' },
  ];
  for (const { path, status, code } of cases) {
    it(`${path}: ${code}`, async () => {
      const response = await served.get(path);
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      expect([response.status, error.code]).toEqual([status, code]);
      expect(error.message, 'a sentence').toMatch(/^.{20,}\.$/s);
    });
  }

  it('a method that is not for this path', async () => {
    const request = new Request('http://spy/v1/nodes', { method: 'DELETE' });
    expect((await served.api.fetch(request)).status).toBe(405);
  });

  it('a body that is too large, or of another type', async () => {
    expect((await served.post(' '.repeat(MAX_BODY_BYTES + 1))).status).toBe(413);
    expect((await served.post('{}', 'text/plain')).status).toBe(415);
  });
});

describe('the description', () => {
  it('is what docs/openapi.json says', () => {
    const text = readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(OPENAPI)));
  });

  it('has every path that there is, and only those', async () => {
    for (const path of Object.keys(OPENAPI.paths)) {
      if (path === '/v1/changes/stream') continue; // a stream has no end
      const response = await served.get(path.replace('{pubkey}', alice.address));
      expect([200, 405], path).toContain(response.status);
    }
  });

  const shapes = [
    { path: '/v1/nodes', schema: 'NodePage' },
    { path: `/v1/nodes/${alice.address}`, schema: 'Node' },
    { path: '/v1/values', schema: 'ValuePage' },
    { path: '/v1/changes', schema: 'ChangePage' },
    { path: '/v1/changes?since=0', schema: 'ChangeGap' },
    { path: '/v1/stats', schema: 'Stats' },
    { path: '/readyz', schema: 'Ready' },
  ];
  for (const { path, schema } of shapes) {
    it(`${path} is a ${schema}`, async () => {
      expect(misfits(await served.json(path), { $ref: `#/components/schemas/${schema}` })).toEqual(
        [],
      );
    });
  }
});

type Schema = Readonly<Record<string, unknown>>;

/** Where a value is not what a schema says; as much of JSON Schema as the document uses. */
function misfits(value: unknown, schema: Schema, at = '$'): string[] {
  const { $ref, oneOf, type, properties, required, items } = schema as {
    $ref?: string;
    oneOf?: Schema[];
    type?: string | string[];
    properties?: Record<string, Schema>;
    required?: string[];
    items?: Schema;
  };
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return misfits(value, OPENAPI.components.schemas[name]!, at);
  }
  if (oneOf) {
    return oneOf.some((one) => misfits(value, one, at).length === 0) ? [] : [`${at}: none of them`];
  }
  const is = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const names = type === undefined ? [] : [type].flat();
  const isInteger = is === 'number' && Number.isInteger(value);
  if (names.length > 0 && !names.includes(is) && !(isInteger && names.includes('integer'))) {
    return [`${at} is ${is}, not ${names.join(' or ')}`];
  }
  if (Array.isArray(value) && items) {
    return value.flatMap((one, i) => misfits(one, items, `${at}[${i}]`));
  }
  if (is !== 'object' || !properties) return [];
  const fields = value as Record<string, unknown>;
  const missing = (required ?? []).filter((name) => !(name in fields));
  const unknown = Object.keys(fields).filter(
    (name) => !(name in properties) && schema['additionalProperties'] !== true,
  );
  return [
    ...missing.map((name) => `${at}.${name} is missing`),
    ...unknown.map((name) => `${at}.${name} is in no schema`),
    ...Object.entries(properties).flatMap(([name, one]) =>
      name in fields ? misfits(fields[name], one, `${at}.${name}`) : [],
    ),
  ];
}
