import { KIND_NAMES } from '../../wire/limits.ts';
import { CHANGE_KINDS } from '../changes.ts';
import { MAX_PAGE_ROWS } from '../observer-api.ts';

/** A piece of JSON Schema, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

const text = (description: string, example?: string): Schema =>
  example === undefined
    ? { type: 'string', description }
    : { type: 'string', description, examples: [example] };
const whole = (description: string): Schema => ({ type: 'integer', description });
const num = (description: string): Schema => ({ type: 'number', description });
const flag = (description: string): Schema => ({ type: 'boolean', description });
const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema['type'], 'null'] });
const list = (items: Schema): Schema => ({ type: 'array', items });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const counts = (description: string): Schema => ({
  type: 'object',
  description,
  additionalProperties: { type: 'number' },
});

/** An object whose fields are all there, but for the optional ones. */
function object(fields: Record<string, Schema>, optional: readonly string[] = []): Schema {
  const required = Object.keys(fields).filter((name) => !optional.includes(name));
  return { type: 'object', properties: fields, required };
}

const ADDRESS = orNull(
  text('`ip:port`; null where there is none that could be used', '1.2.3.4:8001'),
);
const PUBKEY = text('Public key in base58');

const SAID = orNull(
  object({
    count: whole('Values of this kind that we hold'),
    signedMs: num('Since it signed the latest of them, ms'),
  }),
);

const LIVENESS = orNull(
  object({
    verdict: {
      type: 'string',
      enum: ['alive', 'quiet', 'stale', 'unreachable', 'contradictory'],
    },
    because: text('The reason in words'),
    evidence: object({
      heardMs: num('Since its contact info last came in or showed life, ms'),
      signedMs: num('Since it signed that by its own clock, ms; below 0 when that is ahead'),
      answered: orNull(
        object({
          agoMs: num('Since its address last answered our ping, ms'),
          roundTripMs: num('How long that took, ms'),
        }),
      ),
      unanswered: orNull(whole('Pings without an answer since then; null where not counted')),
      votes: SAID,
      epochSlots: SAID,
      via: orNull(object({ route: { type: 'string' }, from: orNull({ type: 'string' }) })),
      otherInstance: orNull(
        object({
          outset: num('When another instance under its key started, µs since the Unix epoch'),
          heardMs: num('Since that was last heard of, ms'),
        }),
      ),
    }),
  }),
);

const NODE_INFO = {
  pubkey: PUBKEY,
  proved: flag(
    'Its gossip address has answered our ping. Without that, anyone can sign any address.',
  ),
  stake: orNull(num("Stake in SOL, 0 for none; null while nobody's is known")),
  liveness: LIVENESS,
  firstSeenMs: whole('Milliseconds from our start to the first contact info of this node'),
  lastSeenMs: whole('Milliseconds from our start to the latest sign of life'),
  gossip: ADDRESS,
  tvu: ADDRESS,
  rpc: ADDRESS,
  tpuQuic: ADDRESS,
  version: text('As the node says', '4.4.0'),
  client: text('Name of the client, or `Unknown(id)`', 'Agave'),
  clientId: whole('Number of the client'),
  commit: text('First 8 hex digits of the commit'),
  featureSet: whole('First 4 bytes of the feature set'),
  shredVersion: whole('Shred version'),
  wallclock: whole("The node's own clock when it last signed, ms since the Unix epoch"),
  outset: text('When the node started by its own clock, µs since the Unix epoch'),
  sockets: list(
    object({
      key: whole('Key of the socket on the wire'),
      name: orNull(text('What it is for; null for keys without a meaning')),
      addr: text('IP address'),
      port: whole('Port'),
    }),
  ),
};

const SNAPSHOT = object({
  full: whole('Slot of the full snapshot'),
  incremental: orNull(whole('Slot of the latest incremental one')),
});

const NODE_STATE = object({
  pubkey: PUBKEY,
  gossip: ADDRESS,
  rpc: ADDRESS,
  version: text('As people write it', '4.4.0'),
  client: text('Name of the client'),
  shredVersion: whole('Shred version'),
  outset: text('When the node started by its own clock, µs since the Unix epoch'),
  voted: orNull(whole('Highest slot that it voted for')),
  snapshot: { oneOf: [SNAPSHOT, { type: 'null' }] },
});

const NODE_CHANGE = object({
  seq: whole('Number of the change: counts up, never goes back'),
  at: whole('When it came to us, ms since the Unix epoch'),
  kind: { type: 'string', enum: [...CHANGE_KINDS] },
  pubkey: PUBKEY,
  via: object({
    route: { type: 'string', enum: ['push', 'pull', 'own'] },
    from: orNull(text('Who sent it, as the datagram says, in base58')),
  }),
  gossip: ADDRESS,
  version: orNull(text('Version of the node after the change')),
  old: { description: 'Before; its form depends on the kind' },
  new: { description: 'After; its form depends on the kind' },
});

const CHANGE_GAP = object({
  kind: { type: 'string', const: 'gap' },
  gap: { type: 'boolean', const: true },
  seq: whole('The nodes below include every change up to this number: go on after it'),
  at: whole('ms since the Unix epoch'),
  since: whole('Where the reader stood'),
  reason: { type: 'string', enum: ['lost', 'future'] },
  nodes: list(ref('NodeState')),
});

const STREAM_LINE = {
  oneOf: [
    object({
      kind: { type: 'string', const: 'hello' },
      seq: whole('Where the stream begins: the first change has a higher number'),
      oldest: whole('Oldest number that `since` can still go on from, less one'),
      latest: whole('Number of the newest change'),
    }),
    ref('NodeChange'),
    ref('ChangeGap'),
    object({
      kind: { type: 'string', const: 'idle' },
      seq: whole('Everything up to here was told; comes every 15 s while nothing happens'),
    }),
    object({
      kind: { type: 'string', const: 'end' },
      seq: whole('Everything up to here was told'),
      reason: { type: 'string', enum: ['slow', 'stopping'] },
      message: text('What happened, in a sentence'),
    }),
  ],
  description: 'A line of NDJSON, the data of an event, or an element of a WebSocket message',
};

const STATS = object({
  at: whole('When the numbers were gathered, ms since the Unix epoch'),
  identity: PUBKEY,
  shredVersion: whole('Shred version of the cluster'),
  gossip: text('Where others reach us, `ip:port`'),
  version: text('Version of Earshot'),
  uptimeMs: whole('Milliseconds since the start'),
  stats: {
    type: 'object',
    description: 'Everything that was counted, in the form of `earshot spy --stats`',
  },
  table: object({
    values: whole('Values in the table'),
    nodes: whole('Origins in the table'),
    kinds: counts('Values by kind'),
    versions: counts('Nodes by version'),
    clients: counts('Nodes by client'),
  }),
  changes: object({
    oldest: whole('From this number on every change is here'),
    latest: whole('Number of the newest change'),
  }),
  coverage: orNull(
    object({
      nodes: whole('How many nodes there are in all, as far as samples of what others know tell'),
      low: whole('The truth lies between this'),
      high: whole('and this'),
      confidence: num('with this confidence'),
      known: whole('Nodes that signed something within the last minute and that we know of'),
      samples: whole('Samples that this rests on'),
      captured: whole('Nodes seen in them'),
      recaptured: whole('How many of these we knew before'),
    }),
  ),
  observer: counts('How the thread that serves this keeps up with the node'),
  http: counts('Connections, streams and answers'),
});

/** The shapes that answers are made of, by name. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  NodeInfo: object(NODE_INFO),
  Node: object({ ...NODE_INFO, values: counts('Its values in the table by kind') }),
  NodePage: object({
    seq: whole('The nodes include every change up to here: follow `/v1/changes/stream?since=` it'),
    total: whole('Nodes that the filters let through, on all pages'),
    nodes: list(ref('NodeInfo')),
    next: orNull(text('`after` of the next page; null on the last')),
  }),
  Value: {
    ...object(
      {
        kind: { type: 'string', enum: [...KIND_NAMES] },
        length: whole('Bytes of the value'),
        sha256: text('Its identity in the protocol'),
        bytes: text('The signed value in hex, with `bytes=true`'),
      },
      ['bytes'],
    ),
    additionalProperties: true,
  },
  ValuePage: object({
    values: { ...list(ref('Value')), maxItems: MAX_PAGE_ROWS },
    next: orNull(whole('`after` of the next page; null on the last')),
  }),
  NodeState: NODE_STATE,
  NodeChange: NODE_CHANGE,
  ChangeGap: CHANGE_GAP,
  ChangePage: object({
    changes: list(ref('NodeChange')),
    next: whole('`since` of the next page'),
    oldest: whole('From this number on every change is here'),
    latest: whole('Number of the newest change'),
  }),
  StreamLine: STREAM_LINE,
  Stats: STATS,
  Ready: object({
    ready: flag('Whether the spy hears its cluster'),
    reasons: list({ type: 'string' }),
  }),
  Error: object({
    error: object({
      code: text('Stable name of the error', 'NOT_A_PUBKEY'),
      message: text('What is wrong and what to do, in a sentence'),
    }),
  }),
};
