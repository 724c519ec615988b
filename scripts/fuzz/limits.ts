/** What an input may cost. @source reliability 7: under 50 ms, under 64 KiB */
import { SystemClock } from '../../src/util/clock.ts';
import { Finding, type Runner } from './target.ts';

/** Longest run of an input. */
export const MOST_MS = 50;

/** Runs after a slow one: the machine may have been busy, code is slow every time. */
const AGAIN = 4;

/** Runs inputs and looks at the clock. */
export class Limits {
  /** Of inputs whose second run was slow, too. */
  slowestMs = 0;
  readonly #mostMs: number;

  constructor(mostMs = MOST_MS) {
    this.#mostMs = mostMs;
  }

  /** @throws Finding when an input takes too long every time; whatever the run throws */
  run(runner: Runner, input: Uint8Array): number | Promise<number> {
    const startMs = SystemClock.monoMs();
    const behaviour = runner.run(input);
    // Who waits for something does not keep others waiting.
    if (typeof behaviour !== 'number') return behaviour;
    const tookMs = SystemClock.monoMs() - startMs;
    if (tookMs > this.#mostMs / 4) this.#again(runner, input, tookMs);
    return behaviour;
  }

  #again(runner: Runner, input: Uint8Array, firstMs: number): void {
    let least = firstMs;
    for (let i = 0; i < AGAIN; i++) {
      const startMs = SystemClock.monoMs();
      void runner.run(input);
      least = Math.min(least, SystemClock.monoMs() - startMs);
    }
    this.slowestMs = Math.max(this.slowestMs, least);
    if (least > this.#mostMs) throw new Finding(`an input takes ${Math.round(least)} ms`);
  }
}
