/** The live view of a spy that runs elsewhere, over its HTTP API: no socket of gossip is opened here. */
import type { ChangeEvent, ChangesOptions } from '../../api/change-reader.ts';
import type { Coverage } from '../../api/coverage.ts';
import type { SpySummary } from '../../api/listing.ts';
import type { NodeInfo } from '../../api/nodes.ts';
import type { SpyStats } from '../../api/stats.ts';
import { SpyError } from '../../util/assert.ts';
import { SystemClock } from '../../util/clock.ts';
import { SpyClient, type SpyReport } from '../export/spy-client.ts';
import { writeOut } from '../output.ts';
import { renderSummary } from '../spy-table.ts';
import { hasScreen, startWatching, type Watched } from './watch.ts';

/** Figures are renewed so often; the API has them at most a second old. */
const STATS_MS = 1_000;

/** All nodes of mainnet are 4 MB, or a tenth of that compressed. */
const NODES_MS = 5_000;

/** After a broken stream, before it is asked for again. */
const AGAIN_MS = 1_000;

/** A spy that does not answer for so long is gone. */
const GONE_MS = 15_000;

/** Lines of the stream that are no changes. */
const NO_CHANGES: readonly string[] = ['hello', 'idle', 'end'];

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A spy as its API tells of it: what was told last, renewed now and then. */
export class RemoteSpy implements Watched {
  readonly identity: string;
  readonly gossip: string;
  readonly shredVersion: number;
  readonly #client: SpyClient;
  readonly #url: string;
  readonly #leave = new AbortController();
  readonly #cancels: (() => void)[];
  #report: SpyReport;
  #nodes: readonly NodeInfo[];
  #heardMs = SystemClock.monoMs();
  #fail: (error: Error) => void = () => {};
  #isAsking = false;

  private constructor(url: string, client: SpyClient, report: SpyReport, nodes: NodeInfo[]) {
    this.#url = url;
    this.#client = client;
    this.#report = report;
    this.#nodes = nodes;
    this.identity = report.identity;
    this.gossip = report.gossip;
    this.shredVersion = report.shredVersion;
    this.#cancels = [
      SystemClock.every(STATS_MS, () =>
        this.#renew(async () => {
          this.#report = await client.stats();
        }),
      ),
      SystemClock.every(NODES_MS, () => {
        void client.nodes().then(
          (found) => {
            this.#nodes = found;
          },
          () => {}, // the figures say when it is gone
        );
      }),
    ];
  }

  /** @throws SpyError SPY_UNREACHABLE, SPY_REFUSED, SPY_UNINTELLIGIBLE */
  static async open(url: string): Promise<RemoteSpy> {
    const client = new SpyClient(url);
    return new RemoteSpy(url, client, await client.stats(), await client.nodes());
  }

  /** Hears when the spy has not answered for a while. */
  onFailure(fail: (error: Error) => void): void {
    this.#fail = fail;
  }

  elapsedMs(): number {
    return this.#report.uptimeMs;
  }

  stats(): SpyStats {
    return this.#report.stats;
  }

  coverage(): Coverage | null {
    return this.#report.coverage;
  }

  nodes(): NodeInfo[] {
    return [...this.#nodes];
  }

  summary(): SpySummary {
    const proved = this.#nodes.filter((node) => node.proved);
    return {
      proved: proved.length,
      unproved: this.#nodes.length - proved.length,
      validators: proved.filter((node) => node.tvu !== null).length,
      values: this.#report.stats.table.values,
    };
  }

  /** What happens there, from now on; after an interruption, what was missed. */
  async *changes({ filter }: ChangesOptions = {}): AsyncGenerator<ChangeEvent, void, undefined> {
    let since: number | undefined;
    while (!this.#leave.signal.aborted) {
      try {
        for await (const line of this.#client.stream(filter?.kinds, since, this.#leave.signal)) {
          since = line.seq;
          if (!NO_CHANGES.includes(line.kind)) yield line as ChangeEvent;
        }
      } catch {
        // It will be back, or the figures say that it is gone.
      }
      await new Promise<void>((resolve) => SystemClock.after(AGAIN_MS, resolve));
    }
  }

  /** Asks no more. */
  close(): void {
    for (const cancel of this.#cancels) cancel();
    this.#leave.abort();
  }

  #renew(ask: () => Promise<void>): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const asked = ask().then(
      () => {
        this.#heardMs = SystemClock.monoMs();
      },
      (cause: unknown) => {
        if (SystemClock.monoMs() - this.#heardMs < GONE_MS) return;
        const words = `The spy at ${this.#url} has not answered for ${GONE_MS / 1000} s. Is it still running?`;
        this.#fail(new SpyError('SPY_UNREACHABLE', words, { cause }));
      },
    );
    void asked.finally(() => {
      this.#isAsking = false;
    });
  }
}

/** Watches a spy that runs elsewhere until somebody has seen enough. @throws SpyError SPY_UNREACHABLE and its like */
export async function watchRemote(url: string): Promise<void> {
  const spy = await RemoteSpy.open(url);
  const watching = startWatching(spy, [], url);
  const listeners: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      for (const signal of ENDING) {
        process.once(signal, resolve);
        listeners.push(() => process.off(signal, resolve));
      }
      spy.onFailure(reject);
      watching.ended.then(resolve, reject);
    });
  } finally {
    for (const off of listeners) off();
    watching.close();
    spy.close();
  }
  if (!hasScreen()) return;
  await writeOut(`${renderSummary(spy.nodes(), spy.summary().values, spy.coverage())}\n`);
}
