/** The HTTP API as an OpenAPI document: what `/openapi.json` serves and `docs/openapi.json` holds. */
import { PACKAGE_VERSION } from '../../node/version.ts';
import { KIND_NAMES } from '../../wire/limits.ts';
import { CHANGE_KINDS } from '../changes.ts';
import { MAX_PAGE_ROWS } from '../observer-api.ts';
import { SCHEMAS, type Schema } from './openapi-schemas.ts';

const json = (name: string, description: string): Schema => ({
  description,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});

const error = (description: string): Schema => json('Error', description);

const query = (name: string, description: string, schema: Schema): Schema => ({
  name,
  in: 'query',
  description,
  schema,
});

const STRING = { type: 'string' };
const BOOLEAN = { type: 'boolean' };
const limit = (byDefault: number): Schema =>
  query('limit', 'Most rows in the answer', {
    type: 'integer',
    minimum: 1,
    maximum: MAX_PAGE_ROWS,
    default: byDefault,
  });
const several = (name: string, description: string, items: Schema): Schema => ({
  ...query(name, `${description}; several by comma`, { type: 'array', items }),
  style: 'form',
  explode: false,
});

const NODE_FILTERS = [
  query('version', 'Version, or how it begins: `4.4.0`, `4.4`', STRING),
  query('client', 'Name of the client', STRING),
  query('network', 'Where the gossip address lies: `203.0.113.0/24`', STRING),
  query('proved', 'Whether the gossip address has answered our ping', BOOLEAN),
  query('rpc', 'Whether it has a public RPC address', BOOLEAN),
];

const SINCE = query('since', 'Go on after this change', { type: 'integer', minimum: 0 });

const CHANGE_FILTERS = [
  several('kind', 'Kinds of changes', { type: 'string', enum: [...CHANGE_KINDS] }),
  several('pubkey', 'Nodes', STRING),
  query('version', 'Version of the node before or after, or how it begins', STRING),
  query('network', 'Where the gossip address lies, before or after: `203.0.113.0/24`', STRING),
];

/** An operation with the answers that every one of them can give. */
function get(
  summary: string,
  description: string,
  parameters: readonly Schema[],
  responses: Readonly<Record<string, Schema>>,
): Schema {
  const common = {
    '400': error('Something in the request is wrong; the sentence says what'),
    '429': error('More than 16 connections from one address'),
    '503': error('More than 256 connections, or the spy is starting or stopping'),
  };
  return { get: { summary, description, parameters, responses: { ...responses, ...common } } };
}

const NOT_MODIFIED = { description: 'As the `ETag` in `If-None-Match` says, nothing changed' };

const STREAM_CONTENT = {
  description: 'Lines or events for as long as both sides live',
  content: {
    'application/x-ndjson': { schema: { $ref: '#/components/schemas/StreamLine' } },
    'text/event-stream': { schema: { $ref: '#/components/schemas/StreamLine' } },
  },
};

const PATHS: Readonly<Record<string, Schema>> = {
  '/v1/nodes': get(
    'Nodes of the cluster',
    'Every node whose signed contact info is here, ourselves excepted, ordered by public key. Those whose address has not answered are listed, too (`proved: false`), and are up to 2 s old.',
    [...NODE_FILTERS, limit(MAX_PAGE_ROWS), query('after', '`next` of the page before', STRING)],
    { '200': json('NodePage', 'A page of nodes'), '304': NOT_MODIFIED },
  ),
  '/v1/nodes/{pubkey}': get(
    'One node',
    'A node with how many values of it the table holds.',
    [{ name: 'pubkey', in: 'path', required: true, schema: STRING }],
    {
      '200': json('Node', 'The node'),
      '304': NOT_MODIFIED,
      '404': error('No contact info of this key is here'),
    },
  ),
  '/v1/values': get(
    'Values of the table',
    'Decoded values, in an order that says nothing but stays as it is while you page.',
    [
      query('kind', 'Kind of value', { type: 'string', enum: [...KIND_NAMES] }),
      query('from', 'Public key of the origin', STRING),
      query('version', 'Version of the origin', STRING),
      query('client', 'Client of the origin', STRING),
      query('bytes', 'With the signed bytes in hex', BOOLEAN),
      limit(100),
      query('after', '`next` of the page before', { type: 'integer', minimum: 0 }),
    ],
    { '200': json('ValuePage', 'A page of values'), '304': NOT_MODIFIED },
  ),
  '/v1/changes': get(
    'What happened to nodes, page by page',
    'Changes after a number. When the log does not reach back so far, the answer is a gap with all nodes as they are now.',
    [SINCE, ...CHANGE_FILTERS, limit(100)],
    {
      '200': {
        description: 'A page of changes, or a gap',
        content: {
          'application/json': {
            schema: {
              oneOf: [
                { $ref: '#/components/schemas/ChangePage' },
                { $ref: '#/components/schemas/ChangeGap' },
              ],
            },
          },
        },
      },
    },
  ),
  '/v1/changes/stream': get(
    'What happens to nodes, as it happens',
    'NDJSON; Server-Sent Events for `Accept: text/event-stream` (with `id`, so that a browser goes on by itself); a WebSocket on upgrade, whose messages are arrays of the same objects. Begins with `hello`. With `since` (or `Last-Event-ID`) it tells first what was missed, or a gap; without, what happens from now on. Who takes nothing while 1,024 changes or 1 MiB wait is told `end` and disconnected, and may go on with `since`.',
    [SINCE, ...CHANGE_FILTERS],
    { '200': STREAM_CONTENT, '101': { description: 'A WebSocket' } },
  ),
  '/v1/stats': get(
    'Everything that is counted',
    'What became of each packet and value, the table by kind, version and client, and how the process is doing; at most a second old.',
    [],
    { '200': json('Stats', 'The numbers') },
  ),
  '/healthz': get('Is the process alive', 'Answers `ok` as long as somebody can answer.', [], {
    '200': { description: 'ok', content: { 'text/plain': { schema: STRING } } },
  }),
  '/readyz': get(
    'Does the spy hear its cluster',
    'Ready once there is a node besides ourselves and the main thread shows life.',
    [],
    { '200': json('Ready', 'It does'), '503': json('Ready', 'It does not; with reasons') },
  ),
  '/health': get('As validators answer it', '`ok` or `unknown`, always with status 200.', [], {
    '200': { description: 'ok or unknown', content: { 'text/plain': { schema: STRING } } },
  }),
  '/metrics': get('For Prometheus', 'Text format 0.0.4; at most 2,000 series.', [], {
    '200': { description: 'Metrics', content: { 'text/plain': { schema: STRING } } },
  }),
  '/openapi.json': get('This document', 'OpenAPI 3.1.', [], {
    '200': { description: 'OpenAPI', content: { 'application/json': { schema: {} } } },
  }),
  '/': {
    post: {
      summary: 'JSON-RPC as validators speak it',
      description:
        'getClusterNodes, getVersion, getIdentity, getHealth, getGenesisHash, getVoteAccounts; batches of up to 20.',
      requestBody: { required: true, content: { 'application/json': { schema: {} } } },
      responses: {
        '200': { description: 'A JSON-RPC 2.0 answer', content: { 'application/json': {} } },
        '400': { description: 'No JSON: error -32700', content: { 'application/json': {} } },
        '413': error('More than 64 KiB'),
        '415': error('Not `application/json`'),
      },
    },
  },
};

/** The document. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Earshot',
    version: PACKAGE_VERSION,
    description:
      'What a spy on the gossip network of a Solana cluster hears. Served by `earshot spy --http HOST:PORT`. Numbers in JSON are safe integers; u64 that could be larger are strings.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: 'http://127.0.0.1:8890' }],
  paths: PATHS,
  components: { schemas: SCHEMAS },
} as const;
