/**
 * JSON-RPC 2.0 over HTTP, as validators speak it: what a body asks, and what is answered.
 *
 * @source https://www.jsonrpc.org/specification; agave's errors in rpc-client-api/src/custom_error.rs
 */

/** Codes of errors. */
export const RpcCode = Object.freeze({
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  /** Also: it is not available here, and the message says how it could be. Clients choke on codes of our own. */
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
  /** As validators say it when they are behind or hear nobody. */
  NODE_UNHEALTHY: -32005,
});

/** Most requests in a batch. @source reliability 5 */
export const MAX_BATCH = 20;

/** An answer that is an error. */
export class RpcError extends Error {
  override name = 'RpcError';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** A method: takes the params as they came, answers in JSON. @throws RpcError */
export type RpcMethod = (params: unknown) => Promise<string>;

/** What goes back: `status` of HTTP, and a body, which is empty when only notifications came. */
export interface RpcReply {
  readonly status: 200 | 204 | 400;
  readonly body: string;
}

/**
 * Answers a body. Never throws: a bug in a method is an internal error to who asked, and told to `fail`.
 *
 * @param refused hears of the code of each error
 */
export async function answerRpc(
  text: string,
  methods: ReadonlyMap<string, RpcMethod>,
  fail: (error: unknown) => void,
  refused: (code: number) => void = () => {},
): Promise<RpcReply> {
  const failure: Failure = (id, error) => {
    refused(error.code);
    return failureText(id, error);
  };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // What a client cannot have meant.
    return { status: 400, body: failure(null, new RpcError(RpcCode.PARSE_ERROR, 'Parse error')) };
  }
  if (!Array.isArray(body)) return reply(await answerOne(body, methods, fail, failure));
  if (body.length === 0 || body.length > MAX_BATCH) {
    const words = `Invalid request: a batch has 1 to ${MAX_BATCH} requests, not ${body.length}`;
    return { status: 200, body: failure(null, new RpcError(RpcCode.INVALID_REQUEST, words)) };
  }
  const answers: string[] = [];
  for (const request of body) {
    const answer = await answerOne(request, methods, fail, failure);
    if (answer !== '') answers.push(answer);
  }
  return reply(answers.length === 0 ? '' : `[${answers.join(',')}]`);
}

function reply(body: string): RpcReply {
  return body === '' ? { status: 204, body } : { status: 200, body };
}

async function answerOne(
  request: unknown,
  methods: ReadonlyMap<string, RpcMethod>,
  fail: (error: unknown) => void,
  failure: Failure,
): Promise<string> {
  if (!isObject(request)) {
    return failure(null, new RpcError(RpcCode.INVALID_REQUEST, 'Invalid request'));
  }
  const { jsonrpc, id, method, params } = request;
  const isId = id === null || typeof id === 'string' || typeof id === 'number';
  if (jsonrpc !== '2.0' || typeof method !== 'string' || (id !== undefined && !isId)) {
    const error = new RpcError(RpcCode.INVALID_REQUEST, 'Invalid request');
    return failure(isId ? id : null, error);
  }
  let result: string;
  try {
    const call = methods.get(method);
    if (!call) throw new RpcError(RpcCode.METHOD_NOT_FOUND, 'Method not found');
    const answer: Promise<string> = call(params);
    result = await answer;
  } catch (error) {
    if (id === undefined) return '';
    if (error instanceof RpcError) return failure(id as Id, error);
    fail(error);
    return failure(id as Id, new RpcError(RpcCode.INTERNAL_ERROR, 'Internal error'));
  }
  if (id === undefined) return '';
  return `{"jsonrpc":"2.0","result":${result},"id":${JSON.stringify(id)}}`;
}

type Id = string | number | null;

/** An error as an answer. */
type Failure = (id: Id, error: RpcError) => string;

function failureText(id: Id, { code, message, data }: RpcError): string {
  const error = data === undefined ? { code, message } : { code, message, data };
  return `{"jsonrpc":"2.0","error":${JSON.stringify(error)},"id":${JSON.stringify(id)}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The one config object that a method may be given, an empty one when it is left out. @throws RpcError */
export function configOf(params: unknown): Record<string, unknown> {
  if (params === undefined || params === null) return {};
  if (!Array.isArray(params)) {
    throw new RpcError(RpcCode.INVALID_PARAMS, 'Invalid params: give an array.');
  }
  const [config, more] = params as unknown[];
  if (more !== undefined || params.length > 1) {
    throw new RpcError(RpcCode.INVALID_PARAMS, 'Invalid params: at most one object is expected.');
  }
  if (config === undefined || config === null) return {};
  if (isObject(config)) return config;
  throw new RpcError(RpcCode.INVALID_PARAMS, 'Invalid params: an object is expected.');
}

/** For methods without params. @throws RpcError */
export function expectNone(params: unknown): void {
  const isNone =
    params === undefined || params === null || (Array.isArray(params) && params.length === 0);
  if (isNone || (isObject(params) && Object.keys(params).length === 0)) return;
  throw new RpcError(RpcCode.INVALID_PARAMS, 'Invalid parameters: No parameters were expected');
}
