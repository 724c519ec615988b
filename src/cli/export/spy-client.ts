import type { ChangeKind } from '../../api/changes.ts';
import type { Coverage } from '../../api/coverage.ts';
import type { NodeInfo } from '../../api/nodes.ts';
import type { SpyStats } from '../../api/stats.ts';
import type { ValueJson } from '../../api/value-json.ts';
import { SpyError } from '../../util/assert.ts';

/** Rows of one answer, the most that a spy gives. */
const PAGE_ROWS = 1000;

/** A spy on the same machine answers in milliseconds, one behind a slow line in seconds. */
const TIMEOUT_MS = 30_000;

/** What a spy has counted, as far as commands look at it. */
export interface SpyReport {
  readonly identity: string;
  readonly gossip: string;
  readonly shredVersion: number;
  readonly uptimeMs: number;
  readonly coverage: Coverage | null;
  readonly stats: SpyStats;
  readonly table: { readonly nodes: number };
}

/** A line of its stream: a change, a gap, or a word in between. */
export interface StreamedLine {
  readonly kind: string;
  readonly seq: number;
}

/** Asks a spy that runs with `--http`, page by page. Shapes: docs/openapi.json. */
export class SpyClient {
  readonly #url: string;

  /** @param url without a path: `http://127.0.0.1:8890` */
  constructor(url: string) {
    this.#url = url;
  }

  /** Every node that it has heard of. @throws SpyError SPY_UNREACHABLE, SPY_REFUSED, SPY_UNINTELLIGIBLE */
  async nodes(): Promise<NodeInfo[]> {
    const all: NodeInfo[] = [];
    for await (const page of this.#pages<{ nodes: NodeInfo[] }>('nodes', {})) {
      all.push(...page.nodes);
    }
    return all;
  }

  /** Values of its table. @throws as `nodes` */
  async *values(query: {
    kind?: string;
    from?: string;
    bytes?: string;
  }): AsyncGenerator<ValueJson> {
    for await (const page of this.#pages<{ values: ValueJson[] }>('values', query)) {
      yield* page.values;
    }
  }

  /** What it has counted. @throws as `nodes` */
  async stats(): Promise<SpyReport> {
    const report = (await this.#get('/v1/stats')) as Partial<SpyReport>;
    if (report.stats?.traffic === undefined || report.table === undefined) {
      throw this.#unintelligible('without counts of traffic');
    }
    return report as SpyReport;
  }

  /** What happens there, one line after the other, until it ends. @throws what `fetch` does when it breaks */
  async *stream(
    kinds: readonly ChangeKind[] | undefined,
    since: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<StreamedLine> {
    const asked = new URLSearchParams();
    if (kinds) asked.set('kind', kinds.join(','));
    if (since !== undefined) asked.set('since', `${since}`);
    const response = await fetch(`${this.#url}/v1/changes/stream?${asked}`, { signal });
    if (!response.ok || !response.body) return;
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as StreamedLine;
    }
  }

  async *#pages<Page extends object>(
    name: string,
    query: Readonly<Record<string, string>>,
  ): AsyncGenerator<Page> {
    let next: string | number | null = null;
    do {
      const asked: Record<string, string> = { ...query, limit: `${PAGE_ROWS}` };
      if (next !== null) asked['after'] = `${next}`;
      const page: unknown = await this.#get(`/v1/${name}?${new URLSearchParams(asked)}`);
      if (!isPage(page, name)) throw this.#unintelligible(`without ${name}`);
      yield page as unknown as Page;
      next = page.next;
    } while (next !== null);
  }

  async #get(path: string): Promise<unknown> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#url}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      text = await response.text();
    } catch (cause) {
      const reason = (cause as Error).cause ?? cause;
      const { code, message, name } = reason as NodeJS.ErrnoException;
      const why = name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : message;
      throw new SpyError(
        'SPY_UNREACHABLE',
        `No spy answers at ${this.#url} (${code ?? why}). Start one with earshot spy --http HOST:PORT, or leave --url out to listen for a while.`,
        { cause },
      );
    }
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (cause) {
      throw this.#unintelligible(`${response.status} ${response.statusText}`.trim(), cause);
    }
    if (response.ok) return body;
    const { error } = body as { error?: { message?: unknown } };
    if (typeof error?.message !== 'string') throw this.#unintelligible(`${response.status}`);
    throw new SpyError('SPY_REFUSED', `The spy at ${this.#url} says: ${error.message}`);
  }

  #unintelligible(what: string, cause?: unknown): SpyError {
    return new SpyError(
      'SPY_UNINTELLIGIBLE',
      `${this.#url} answers (${what}), but not as a spy does. Give the address after --http of an earshot spy, of about this version.`,
      { cause },
    );
  }
}

function isPage(page: unknown, name: string): page is { next: string | number | null } {
  if (typeof page !== 'object' || page === null || !('next' in page)) return false;
  return Array.isArray((page as Record<string, unknown>)[name]);
}
