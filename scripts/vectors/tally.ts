import { type Clock, SystemClock } from '../../src/util/clock.ts';
import type { Difference } from './difference.ts';

const QUIET_MS = 2_000;

/** Counts cases by what they should come to, keeps the first that came to something else, shows progress. */
export class Tally {
  readonly #what: string;
  readonly #keep: number;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #counts = new Map<string, { agree: number; disagree: number }>();
  readonly #kept: string[] = [];
  #lastShownMs: number;

  /** @param what the cases, in the plural; @param keep how many disagreements are described */
  constructor(what: string, keep: number, clock: Clock = SystemClock) {
    this.#what = what;
    this.#keep = keep;
    this.#clock = clock;
    this.#startMs = clock.monoMs();
    this.#lastShownMs = this.#startMs;
  }

  get agreed(): number {
    return this.#sum('agree');
  }

  get disagreed(): number {
    return this.#sum('disagree');
  }

  /** Whether there were cases and all of them agree. */
  get clean(): boolean {
    return this.agreed > 0 && this.disagreed === 0;
  }

  /**
   * @param group what the case should come to, a row of the report
   * @param title which case it is, asked for only when it is shown
   */
  add(group: string, difference: Difference | undefined, title: () => string): void {
    const count = this.#counts.get(group) ?? { agree: 0, disagree: 0 };
    this.#counts.set(group, count);
    if (!difference) {
      count.agree++;
    } else {
      count.disagree++;
      if (this.#kept.length < this.#keep) this.#kept.push(`${title()}\n${describe(difference)}`);
    }
    this.#showProgress();
  }

  /** The counts, then the first disagreements. */
  report(): string {
    const all = this.agreed + this.disagreed;
    const seconds = ((this.#clock.monoMs() - this.#startMs) / 1000).toFixed(1);
    const rows = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const width = Math.max(0, ...rows.map(([group]) => group.length));
    const lines = [
      `${number(all)} ${this.#what} in ${seconds} s`,
      ...rows.map(
        ([group, { agree, disagree }]) =>
          `  ${group.padEnd(width)}  ${number(agree).padStart(9)} agree${disagree > 0 ? `  ${number(disagree)} disagree` : ''}`,
      ),
    ];
    if (this.#kept.length > 0) {
      lines.push('', ...this.#kept.map((text, i) => `${i + 1}. ${text}`));
      const more = this.disagreed - this.#kept.length;
      lines.push(more > 0 ? `and ${number(more)} more\n` : '');
    }
    if (all === 0) lines.push('No case was found.');
    else lines.push(`${number(this.agreed)} agree, ${number(this.disagreed)} disagree`);
    return `${lines.join('\n')}\n`;
  }

  #sum(column: 'agree' | 'disagree'): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count[column];
    return sum;
  }

  #showProgress(): void {
    const nowMs = this.#clock.monoMs();
    if (nowMs - this.#lastShownMs < QUIET_MS) return;
    this.#lastShownMs = nowMs;
    const done = this.agreed + this.disagreed;
    process.stderr.write(
      `${number(done)} ${this.#what}, ${number(this.disagreed)} disagree so far\n`,
    );
  }
}

const number = (value: number): string => value.toLocaleString('en');

function describe({ path, expected, got }: Difference): string {
  return `   ${path || 'verdict'}\n     expected ${short(expected)}\n     got      ${short(got)}`;
}

/** A field as JSON, cut so that a line stays a line; a field that is not there says so. */
function short(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}
