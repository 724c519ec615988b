import { Counter } from '../shm/counters.ts';
import type { SeatTask } from '../tasks/work.ts';
import type { NodeParts } from './parts.ts';

/** Work that waited so long goes before more important work once, so that no flood starves it. */
const STARVED_MS = 50;

/** Failures in a row after which the seat rests, and for how long: a dead thread costs 35 ms of a core. */
const REST_FAILURES = 3;
const REST_MS = 1_000;

/** One sort of work for the seat. It asks when it wishes; the seat calls when its turn has come. */
export interface Lane {
  /** Whether a task could be begun. */
  readonly isWaiting: boolean;
  /** Prepares a task and reserves what it writes to. @returns undefined when there is none after all */
  begin(): SeatTask | undefined;
  /** The task has replied: what it wrote is ours again. */
  done(reply: number): void;
  /** The task failed: what it held is free again, what it was to do is lost and counted. */
  failed(): void;
  /** Gives up everything that waits: the node stops. */
  stop(): void;
}

/** Who does the work: a thread, or main itself before it returns. */
export interface TaskRunner {
  runTask(task: SeatTask, done: (reply: number) => void, failed: () => void): void;
}

/**
 * The seat of the pool that is not for listening: one task at a time, by strict priority, except for
 * what has waited too long.
 */
export class Seat {
  readonly #parts: NodeParts;
  readonly #lanes: readonly Lane[];
  readonly #runner: TaskRunner;
  readonly #afterTask: () => void;
  /** Since when each lane waits in vain; NaN while it does not. */
  readonly #sinceMs: Float64Array;
  #active: Lane | undefined;
  #failures = 0;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  /** @param lanes the most important first; afterTask called when a task is over */
  constructor(parts: NodeParts, lanes: readonly Lane[], runner: TaskRunner, afterTask: () => void) {
    this.#parts = parts;
    this.#lanes = lanes;
    this.#runner = runner;
    this.#afterTask = afterTask;
    this.#sinceMs = new Float64Array(lanes.length).fill(Number.NaN);
  }

  /** Whether a task is under way. */
  get isBusy(): boolean {
    return this.#active !== undefined;
  }

  /** Whether something waits that could be begun now. */
  get isWaiting(): boolean {
    if (this.#isStopped || this.#parts.clock.monoMs() < this.#restUntilMs) return false;
    return this.#lanes.some((lane) => lane.isWaiting);
  }

  /** Begins the next task if the seat is free and there is one. */
  turn(): void {
    if (this.isBusy || !this.isWaiting) return;
    const lane = this.#choose();
    const task = lane?.begin();
    if (!lane || !task) return;
    this.#active = lane;
    this.#runner.runTask(
      task,
      (reply) => {
        if (this.#isStopped) return;
        this.#active = undefined;
        this.#failures = 0;
        lane.done(reply);
        this.#afterTask();
      },
      () => {
        if (this.#isStopped) return;
        this.#active = undefined;
        this.#parts.counters[Counter.TASKS_FAILED]!++;
        if (++this.#failures >= REST_FAILURES) {
          this.#restUntilMs = this.#parts.clock.monoMs() + REST_MS;
        }
        lane.failed();
        this.#afterTask();
      },
    );
  }

  /** Begins nothing more and gives up what waits. The thread, where there is one, has ended before. */
  stop(): void {
    this.#isStopped = true;
    for (const lane of this.#lanes) lane.stop();
  }

  #choose(): Lane | undefined {
    const nowMs = this.#parts.clock.monoMs();
    let chosen = -1;
    for (const [i, lane] of this.#lanes.entries()) {
      if (!lane.isWaiting) this.#sinceMs[i] = Number.NaN;
      else if (chosen < 0) chosen = i;
      else if (Number.isNaN(this.#sinceMs[i])) this.#sinceMs[i] = nowMs;
      else if (nowMs - this.#sinceMs[i]! > STARVED_MS) {
        chosen = i;
        break;
      }
    }
    if (chosen < 0) return undefined;
    this.#sinceMs[chosen] = Number.NaN;
    return this.#lanes[chosen];
  }
}
