import { NO_STAKES, type Stakes } from '../crds/peers.ts';
import { MIN_STAKED_FOR_FILTER } from '../gossip/policy.ts';
import { SpyError } from '../util/assert.ts';
import type { Clock } from '../util/clock.ts';
import type { Rng } from '../util/rng.ts';
import type { Logger } from './ports.ts';
import { totalSol } from './stake-list.ts';
import type { StakeSource } from './stakes.ts';

/** One attempt, however slowly it drips in. */
export const LOAD_TIMEOUT_MS = 10_000;

/** How long the start waits for a source elsewhere; what comes later is taken all the same. */
export const PATIENCE_MS = 2_000;

/** After a failure it is tried again so soon, then after twice the time, up to the usual period. */
export const RETRY_MS = 10_000;

/** How knowing the stakes goes: part of `--stats`. */
export interface StakeReport {
  source: string;
  /** Nodes with stake. */
  nodes: number;
  sol: number;
  /** Attempts that brought stakes or found them unchanged. */
  loads: number;
  /** Failed attempts by code. */
  failures: Record<string, number>;
}

/**
 * Keeps the stakes of a source up to date. What fails leaves the stakes as they were: a node without
 * fresh ones is better off than one that believes that nobody has any.
 */
export class StakeKeeper {
  readonly source: StakeSource;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #logger: Logger;
  readonly #failures = new Map<string, number>();
  /** Kinds of failure that were told of since the last success. */
  readonly #told = new Set<string>();
  #stakes: Stakes = NO_STAKES;
  #sol = 0;
  #loads = 0;
  /** Failures in a row. */
  #streak = 0;
  #hasFew: boolean | undefined;
  #isStopped = false;
  #cancelNext: () => void = () => {};
  #attempt: AbortController | undefined;
  #handOver: (stakes: Stakes) => void = () => {};

  constructor(source: StakeSource, ports: { clock: Clock; rng: Rng; logger: Logger }) {
    this.source = source;
    this.#clock = ports.clock;
    this.#rng = ports.rng;
    this.#logger = ports.logger;
  }

  /**
   * Loads for the first time and goes on by itself. Without a source that is at hand there is no going
   * on; without one that is elsewhere there is: it is not waited for any longer than `PATIENCE_MS`, and
   * tried again.
   *
   * @throws SpyError of a local source
   */
  start(): Promise<void> {
    if (this.source.isLocal) return this.#look(true);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(PATIENCE_MS, () => {
        this.#logger.warn({ source: this.source.name }, 'no stakes yet: going on without for now');
        resolve();
      });
      // Rejects on a bug only, which shall end the process.
      void this.#look(false).then(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Hands over the stakes as soon as there are any, and again whenever they were loaded. */
  subscribe(handOver: (stakes: Stakes) => void): void {
    this.#handOver = handOver;
    if (this.#stakes.size > 0) handOver(this.#stakes);
  }

  /** Ends it, also an attempt under way; the stakes stay. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelNext();
    this.#attempt?.abort(new SpyError('STAKES_STOPPED', 'Stakes are not needed any more.'));
  }

  /** How it went so far. */
  report(): StakeReport {
    return {
      source: this.source.name,
      nodes: this.#stakes.size,
      sol: this.#sol,
      loads: this.#loads,
      failures: Object.fromEntries(this.#failures),
    };
  }

  async #look(mustSucceed: boolean): Promise<void> {
    try {
      const stakes = await this.#load();
      if (this.#isStopped) return;
      this.#succeed(stakes);
    } catch (error) {
      if (this.#isStopped) return;
      if (!(error instanceof SpyError)) throw error; // a bug
      this.#streak++;
      this.#failures.set(error.code, (this.#failures.get(error.code) ?? 0) + 1);
      if (mustSucceed) throw error;
      this.#tell(error);
    }
    this.#schedule();
  }

  /** One attempt within its time. */
  async #load(): Promise<Stakes | undefined> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const cancelDeadline = this.#clock.after(LOAD_TIMEOUT_MS, () =>
      attempt.abort(
        new SpyError(
          'STAKES_TIMEOUT',
          `Stakes of ${this.source.name} took longer than ${LOAD_TIMEOUT_MS / 1000} s. Check that it is up, or use another source.`,
        ),
      ),
    );
    try {
      return await orAborted(this.source.load(attempt.signal), attempt.signal);
    } finally {
      cancelDeadline();
      this.#attempt = undefined;
    }
  }

  #succeed(stakes: Stakes | undefined): void {
    this.#loads++;
    if (this.#streak > 0) {
      this.#logger.info({ source: this.source.name }, 'stakes can be had again');
    }
    this.#streak = 0;
    this.#told.clear();
    if (stakes === undefined) return;
    const sol = totalSol(stakes);
    if (this.#loads === 1 || stakes.size !== this.#stakes.size || sol !== this.#sol) {
      this.#logger.info(
        { source: this.source.name, nodes: stakes.size, sol: Math.round(sol) },
        'stakes loaded',
      );
    }
    this.#stakes = stakes;
    this.#sol = sol;
    this.#tellWhetherFew(stakes.size);
    this.#handOver(stakes);
  }

  /** What depends on their number, told when it changes. @source behaviour 2.11 */
  #tellWhetherFew(nodes: number): void {
    const hasFew = nodes < MIN_STAKED_FOR_FILTER;
    if (hasFew === this.#hasFew) return;
    const hadFew = this.#hasFew;
    this.#hasFew = hasFew;
    if (hasFew) {
      this.#logger.warn(
        { nodes, needed: MIN_STAKED_FOR_FILTER },
        'few staked nodes: every origin counts as staked where kinds of values are filtered, so all kinds are kept and relayed for anybody; timeouts, prunes and evictions go by the stakes all the same',
      );
    } else if (hadFew) {
      this.#logger.info({ nodes }, 'enough staked nodes: kinds of values are filtered by stake');
    }
  }

  /** Once for each kind of failure, until it works again. */
  #tell(error: SpyError): void {
    if (this.#told.has(error.code)) return;
    this.#told.add(error.code);
    this.#logger.warn(
      { source: this.source.name, code: error.code, keptNodes: this.#stakes.size },
      this.#stakes.size > 0
        ? `${error.message} The stakes loaded before stay in use.`
        : `${error.message} Going on without stakes.`,
    );
  }

  #schedule(): void {
    const { periodMs, spread } = this.source;
    const soonMs = this.#streak > 0 ? RETRY_MS * 2 ** (this.#streak - 1) : periodMs;
    const delayMs = Math.min(periodMs, soonMs) * (1 + spread * (2 * this.#rng.unit() - 1));
    if (!Number.isFinite(delayMs)) return;
    this.#cancelNext = this.#clock.after(delayMs, () => {
      void this.#look(false); // rejects on a bug only, which shall end the process
    });
  }
}

/** What a source leaves open when it is told to stop is not waited for. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
