import { monitorEventLoopDelay } from 'node:perf_hooks';
import { HttpApi } from '../../src/api/http/http-api.ts';
import { OPENAPI } from '../../src/api/http/openapi.ts';
import { HttpServing } from '../../src/api/http/serving.ts';
import { Observer } from '../../src/api/observer.ts';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { Cluster } from '../../test/sim/cluster.ts';
import { calmPlan } from '../../test/sim/plan.ts';
import { mutateBytes, spliced } from './mutate.ts';
import { Finding, type FuzzContext, type FuzzTarget, type Runner } from './target.ts';

/** Words that requests are made of. */
const WORDS = [
  ...Object.keys(OPENAPI.paths).filter((path) => !path.includes('{')),
  ...['limit=', 'after=', 'since=', 'kind=Vote', 'kind=ContactInfo', 'bytes=1', 'proved=true', '&'],
  ...[
    'network=127.0.0.0/8',
    'version=0',
    'from=',
    '%00',
    '%2e%2e/',
    '?',
    '__proto__',
    '9'.repeat(20),
  ],
  ...[
    '{"jsonrpc":"2.0","id":1,"method":"getClusterNodes"}',
    'getVoteAccounts',
    'getSlot',
    'getVersion',
  ],
  ...['"params":[', ']', '[', '{', 'null', '-1', '1e999', 'content-type: application/json\n'],
  ...[
    'getIdentity',
    'getHealth',
    'getGenesisHash',
    'if-none-match: "x"\n',
    'accept-encoding: gzip\n',
  ],
];

/** A server without sockets in front of a small cluster that lived for some seconds. */
async function openApi(bugs: string[]): Promise<HttpApi> {
  const xxhash = await loadXxhash();
  const cluster = new Cluster(calmPlan({ nodes: 3, seed: 3, small: true }), xxhash);
  for (const machine of cluster.machines) cluster.start(machine);
  cluster.time.runUntil(3_000);
  for (const machine of cluster.machines) {
    cluster.publish(machine, 'Vote');
    cluster.publish(machine, 'SnapshotHashes');
  }
  cluster.time.runUntil(6_000);
  const { node, clock } = cluster.machines[0]!.running!;
  const serving = new HttpServing({
    address: { host: '127.0.0.1', port: 0 },
    node,
    loop: monitorEventLoopDelay(),
    stakeReport: () => undefined,
    entrypoints: [],
    stakes: undefined,
    startedMs: 0,
    logger: SILENT_LOGGER,
  });
  const { report, genesisHash } = serving.source;
  const { regions } = node.parts;
  const observer = new Observer(regions, xxhash, clock);
  observer.poll();
  return new HttpApi({
    facts: serving.setup.facts,
    regions,
    hasher: xxhash,
    observer,
    main: {
      report: async (withUnproved) => report(withUnproved),
      genesisHash: async () => genesisHash(),
      bug: async (words) => {
        bugs.push(words);
      },
    },
    clock,
  });
}

/** `GET /v1/nodes?limit=1`, lines of headers, an empty line, a body. @returns undefined where it is none */
function parse(input: Uint8Array): Request | undefined {
  const text = new TextDecoder('latin1').decode(input);
  const [head = '', ...rest] = text.split('\n\n');
  const [first = '', ...lines] = head.split('\n');
  const [method = '', path = ''] = first.split(' ');
  if (path.includes('/stream')) return undefined; // streams want a socket
  try {
    const headers = new Headers();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1));
    }
    const body = rest.join('\n\n');
    const hasBody = method !== 'GET' && method !== 'HEAD';
    return new Request(`http://spy/${path.replace(/^\//, '')}`, {
      method,
      headers,
      ...(hasBody ? { body } : {}),
    });
  } catch {
    return undefined; // no client can even ask so
  }
}

/** Asks, and reads the answer. */
class HttpRunner implements Runner {
  readonly #api: HttpApi;
  readonly #bugs: string[];
  readonly #context: FuzzContext;

  constructor(api: HttpApi, bugs: string[], context: FuzzContext) {
    this.#api = api;
    this.#bugs = bugs;
    this.#context = context;
  }

  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    const { rng } = this.#context;
    let out = input;
    for (let n = 1 + rng.below(4); n > 0; n--) {
      const word = new TextEncoder().encode(WORDS[rng.below(WORDS.length)]);
      const at = rng.below(out.length + 1);
      const cut = rng.below(3) === 0 ? rng.below(12) : 0;
      out = rng.below(2) === 0 ? spliced(out, at, cut, word) : mutateBytes(out, other, rng);
    }
    return out;
  }

  async run(input: Uint8Array): Promise<number> {
    const request = parse(input);
    if (request === undefined) return 0;
    const isPost = request.method === 'POST';
    const response = await this.#api.fetch(request);
    const text = await response.text();
    const { status } = response;
    const [bug] = this.#bugs.splice(0);
    if (bug !== undefined) throw new Finding(`a bug: ${bug}`);
    if (status >= 500 && status !== 503) throw new Finding(`answered with ${status}: ${text}`);
    const type = response.headers.get('content-type') ?? '';
    let sort = '';
    if (type.startsWith('application/json') && !response.headers.has('content-encoding')) {
      if (status !== 204 && status !== 304 && request.method !== 'HEAD') JSON.parse(text);
      sort = text.includes('"result"') ? 'result' : text.includes('"error"') ? 'error' : '';
    }
    if (isPost && status === 200) this.#context.reach(`rpc ${sort}`);
    this.#context.reach(String(status));
    return status * 4 + (isPost ? 2 : 0) + (sort === 'result' ? 1 : 0);
  }
}

const request = (text: string): Uint8Array => new TextEncoder().encode(text);
const rpc = (method: string): Uint8Array =>
  request(
    `POST /\ncontent-type: application/json\n\n{"jsonrpc":"2.0","id":1,"method":"${method}","params":[]}`,
  );

/** Requests to the HTTP API. */
export const target: FuzzTarget = {
  name: 'http',
  about: 'asks the HTTP API: an answer of the protocol each time, never a bug of ours',
  branches: /^src\/api\/(http|rpc)\//,
  canaries: ['200', '400', '404', '405', '415', 'rpc result', 'rpc error'],
  maxBytes: 70_000,
  seeds: () => [
    ...Object.keys(OPENAPI.paths).map((path) => request(`GET ${path}`)),
    ...['getClusterNodes', 'getVoteAccounts', 'getVersion', 'getHealth', 'nothing'].map(rpc),
    request('GET /v1/nodes?limit=1&proved=true&network=127.0.0.0/8'),
    request('GET /v1/values?kind=Vote&limit=2&bytes=1&after=0'),
    request('GET /v1/changes?since=0&kinds=joined&limit=5'),
    request('GET /v1/nodes?limit=0'),
    request('PUT /v1/nodes\n\n{}'),
    request('POST /\ncontent-type: text/plain\n\nhello'),
  ],
  async open(context: FuzzContext): Promise<Runner> {
    const bugs: string[] = [];
    return new HttpRunner(await openApi(bugs), bugs, context);
  },
};
