/** Routes of the HTTP API. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { matchedRoutes } from 'hono/route';
import { KIND_NAMES } from '../../wire/limits.ts';
import type { Selector } from '../observer-api.ts';
import { answerRpc, type RpcMethod } from '../rpc/json-rpc.ts';
import { errorBody, HttpError } from './errors.ts';
import { MAX_BODY_BYTES } from './limits.ts';
import { OPENAPI } from './openapi.ts';
import { CHANGE_PARAMETERS, checkPubkey, Params } from './params.ts';
import { reply } from './replies.ts';
import type { Resources } from './resources.ts';

/** What Node gives to a request besides what the web knows. */
export interface Bindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

type Ctx = Context<{ Bindings: Bindings }>;

/** What the routes need besides what they show. */
export interface AppOptions {
  readonly resources: Resources;
  readonly methods: ReadonlyMap<string, RpcMethod>;
  readonly metrics: () => Promise<string>;
  /** Turns the answer into a stream of changes. */
  readonly stream: (params: Params, lastEventId: string | undefined, bindings: Bindings) => void;
  /** Hears how each request was answered. */
  readonly answered: (route: string, status: number) => void;
  /** Hears of the codes of errors of JSON-RPC. */
  readonly rpcRefused: (code: number) => void;
  /** Hears of bugs. */
  readonly fail: (error: unknown) => void;
}

/** Paths that are there. */
const GET_PATHS = Object.keys(OPENAPI.paths).map(
  (path) => new RegExp(`^${path.replace(/\{[a-z]+\}/, '[^/]+')}$`),
);

/** Makes the routes. */
export function createApp(options: AppOptions): Hono<{ Bindings: Bindings }> {
  const { answered, fail } = options;
  const app = new Hono<{ Bindings: Bindings }>();
  app.use(async (c, next) => {
    await next();
    answered(routeOf(c), c.res.status);
  });
  addTables(app, options);
  addProbes(app, options);
  app.post('/', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: bodyTooLarge }), (c) =>
    answerPost(c, options),
  );
  app.all('/', () => {
    throw new HttpError(
      405,
      'USE_POST',
      'This address takes JSON-RPC by POST; GET /openapi.json says what else there is.',
    );
  });
  app.notFound((c) => {
    if (c.req.method !== 'GET' && GET_PATHS.some((path) => path.test(c.req.path))) {
      return json(405, errorBody('USE_GET', 'This is there for GET alone.'));
    }
    const words = 'There is nothing here: GET /openapi.json says what there is.';
    return json(404, errorBody('NO_SUCH_PATH', words));
  });
  app.onError((error) => {
    if (error instanceof HttpError) return json(error.status, errorBody(error.code, error.message));
    fail(error);
    return json(500, errorBody('INTERNAL', 'This is a bug of ours; the log has more.'));
  });
  return app;
}

function addTables(app: Hono<{ Bindings: Bindings }>, { resources, stream }: AppOptions): void {
  const filters = ['version', 'client', 'network', 'proved', 'rpc'];
  app.get('/v1/nodes', async (c) => {
    const params = paramsOf(c, [...filters, 'limit', 'after']);
    const after = params.text('after');
    if (after !== undefined) checkPubkey(after);
    const limit = params.limit(1_000);
    const page = await resources.nodes(params, after, limit);
    return reply(`${JSON.stringify({ seq: resources.latest(), ...page })}\n`, tagged(c));
  });
  app.get('/v1/nodes/:pubkey', async (c) => {
    paramsOf(c, []);
    const pubkey = checkPubkey(c.req.param('pubkey'));
    const node = await resources.node(pubkey);
    if (node) return reply(`${JSON.stringify(node)}\n`, tagged(c));
    throw new HttpError(404, 'NODE_UNKNOWN', `No contact info of ${pubkey} is here.`);
  });
  app.get('/v1/values', async (c) => {
    const params = paramsOf(c, ['kind', 'from', 'version', 'client', 'bytes', 'limit', 'after']);
    const selector: Selector = {
      kind: params.oneOf('kind', KIND_NAMES),
      from: params.pubkey('from'),
      version: params.text('version'),
      client: params.text('client'),
      after: params.whole('after', 0),
    };
    const bytes = params.flag('bytes') ?? false;
    const page = await resources.values(selector, params.limit(100), bytes);
    return reply(`${JSON.stringify(page)}\n`, tagged(c));
  });
  app.get('/v1/changes', async (c) => {
    const params = paramsOf(c, [...CHANGE_PARAMETERS, 'limit']);
    const page = resources.changes(
      params.whole('since', 0),
      params.changeFilter(),
      params.limit(100),
    );
    return reply(`${JSON.stringify(page)}\n`, { request: c.req.raw });
  });
  app.get('/v1/changes/stream', (c) => {
    const params = paramsOf(c, CHANGE_PARAMETERS);
    stream(params, c.req.header('last-event-id'), c.env);
    return RESPONSE_ALREADY_SENT;
  });
  app.get('/v1/stats', async (c) => {
    paramsOf(c, []);
    const stats = await resources.stats();
    if (stats) return reply(`${JSON.stringify(stats)}\n`, { request: c.req.raw });
    throw new HttpError(503, 'MAIN_SILENT', 'The main thread has not answered yet; try again.');
  });
}

function addProbes(app: Hono<{ Bindings: Bindings }>, { resources, metrics }: AppOptions): void {
  const text = 'text/plain; charset=utf-8';
  app.get('/healthz', (c) => c.body('ok\n', 200, { 'content-type': text }));
  app.get('/health', async (c) => {
    const isWell = (await resources.troubles()).length === 0;
    return c.body(isWell ? 'ok' : 'unknown', 200, { 'content-type': text });
  });
  app.get('/readyz', async () => {
    const reasons = await resources.troubles();
    const ready = reasons.length === 0;
    return json(ready ? 200 : 503, `${JSON.stringify({ ready, reasons })}\n`);
  });
  app.get('/metrics', async (c) =>
    reply(await metrics(), {
      request: c.req.raw,
      type: 'text/plain; version=0.0.4; charset=utf-8',
    }),
  );
  app.get('/openapi.json', (c) => reply(`${JSON.stringify(OPENAPI)}\n`, tagged(c)));
}

async function answerPost(c: Ctx, { methods, fail, rpcRefused }: AppOptions): Promise<Response> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new HttpError(
      415,
      'CONTENT_TYPE',
      'Supplied content type is not allowed. Content-Type: application/json is required',
    );
  }
  const text = await readBody(c);
  const { status, body } = await answerRpc(text, methods, fail, rpcRefused);
  if (status === 204) return c.body(null, 204);
  return reply(body, { request: c.req.raw, status });
}

/** @throws HttpError BODY_BROKEN when its sender goes away, which is no bug of ours */
async function readBody(c: Ctx): Promise<string> {
  try {
    return await c.req.text();
  } catch {
    throw new HttpError(400, 'BODY_BROKEN', 'The body ended before it was complete.');
  }
}

/** The path of the route that answered, of which there are only so many. */
function routeOf(c: Ctx): string {
  const path = matchedRoutes(c).at(-1)?.path ?? '';
  return path === '' || path.includes('*') ? 'none' : path;
}

function bodyTooLarge(): Response {
  const words = `The body has more than ${MAX_BODY_BYTES / 1024} KiB.`;
  return json(413, errorBody('BODY_TOO_LARGE', words));
}

function paramsOf(c: Ctx, known: readonly string[]): Params {
  return new Params(new URL(c.req.url).searchParams, known);
}

const tagged = (c: Ctx) => ({ request: c.req.raw, isTagged: true });

function json(status: number, body: string): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/json' } });
}
