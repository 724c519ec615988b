/** The loop of the fuzzer: draw, change, run, keep what is new, and make small what is wrong. */
import { SystemClock } from '../../src/util/clock.ts';
import { type Rng, seededRng } from '../../src/util/rng.ts';
import { Branches } from './branches.ts';
import { keepFinding, readCorpus, readFindings, writeCorpus } from './corpus.ts';
import { Limits } from './limits.ts';
import { minimise } from './minimise.ts';
import { mutateBytes } from './mutate.ts';
import { ROOT } from './root.ts';
import { type FuzzTarget, judgeCanaries, type Runner } from './target.ts';

/** Different findings after which a run ends: what comes then is more of the same. */
const MOST_FINDINGS = 10;

/** Inputs kept in memory; then new ones replace drawn ones. */
const MOST_KEPT = 20_000;

/** Runs between two reports, and two looks at the clock. */
const LOOK_EVERY = 256;
const REPORT_MS = 10_000;

/** What a run is told. */
export interface SessionOptions {
  readonly seed: number;
  /** Each of them ends it. */
  readonly minutes: number;
  readonly count: number;
  readonly steps: number;
  /** Writes what was found and, when asked for, the corpus. */
  readonly keepFindings: boolean;
  readonly distil: boolean;
  readonly report: (line: string) => void;
  /** Another judge, asked about every so many inputs. */
  readonly sample?: { readonly every: number; readonly ask: (input: Uint8Array) => Promise<void> };
}

/** What came of a run. */
export interface SessionResult {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  /** The same as inputs, but where an input is a whole story. */
  readonly steps: number;
  readonly seconds: number;
  readonly corpus: number;
  readonly behaviours: number;
  readonly branches: { readonly taken: number; readonly total: number };
  readonly missingBranches: readonly string[];
  readonly slowestMs: number;
  readonly findings: readonly { readonly why: string; readonly hex: string }[];
  readonly missingCanaries: readonly string[];
  /** Whether the canary that cannot be reached was not. */
  readonly canariesProved: boolean;
}

/** One run of one target. */
export class Session {
  readonly #target: FuzzTarget;
  readonly #options: SessionOptions;
  readonly #rng: Rng;
  readonly #branches: Branches;
  readonly #behaviours = new Set<number>();
  readonly #reached = new Set<string>();
  readonly #reachedNow = new Set<string>();
  readonly #corpus: Uint8Array[] = [];
  readonly #findings: { why: string; hex: string }[] = [];
  readonly #limits: Limits;
  #runner: Runner | undefined;
  #runs = 0;
  #inputs = 0;
  #steps = 0;

  constructor(target: FuzzTarget, options: SessionOptions) {
    this.#target = target;
    this.#options = options;
    this.#rng = seededRng(options.seed);
    this.#branches = new Branches(target.branches);
    this.#limits = new Limits(target.mostMs);
  }

  /** Runs until time, count or findings are up. */
  async run(): Promise<SessionResult> {
    const { minutes, count, steps, distil, report } = this.#options;
    const startMs = SystemClock.monoMs();
    const endMs = startMs + minutes * 60_000;
    await this.#loadCorpus();
    const ownStart = SystemClock.monoMs();
    const before = this.#inputs;
    let reportedMs = ownStart;
    const isAllowed = (): boolean => this.#inputs < count && this.#steps < steps;
    while (isAllowed() && this.#findings.length < MOST_FINDINGS) {
      if (this.#inputs % LOOK_EVERY === 0) {
        const nowMs = SystemClock.monoMs();
        if (nowMs >= endMs) break;
        if (nowMs - reportedMs >= REPORT_MS) {
          reportedMs = nowMs;
          report(this.#line((1_000 * (this.#inputs - before)) / (nowMs - ownStart)));
          await new Promise<void>((resolve) => SystemClock.soon(resolve));
        }
      }
      const runner = this.#ready() ?? (await this.#current());
      const input = this.#draw(runner);
      // Waiting for what is there already would cost as much as a datagram.
      const tried = this.#try(input, runner);
      if (tried === true || (tried !== false && (await tried))) this.#keep(input);
      const { sample } = this.#options;
      if (sample && this.#inputs % sample.every === 0) await sample.ask(input);
    }
    if (distil) await this.#distil();
    await this.#runner?.close?.();
    return this.#result((SystemClock.monoMs() - startMs) / 1_000);
  }

  async #loadCorpus(): Promise<void> {
    const { name } = this.#target;
    const kept = readFindings(ROOT, name).map(({ hex }) =>
      Uint8Array.from(Buffer.from(hex, 'hex')),
    );
    for (const input of [...kept, ...readCorpus(ROOT, name), ...this.#target.seeds()]) {
      if (await this.#try(input, await this.#current())) this.#corpus.push(input);
    }
    if (this.#corpus.length === 0) this.#corpus.push(new Uint8Array(0));
  }

  /** The runner in operation, undefined when its time is up. */
  #ready(): Runner | undefined {
    const limit = this.#target.runsPerRunner ?? Number.POSITIVE_INFINITY;
    return this.#runs < limit ? this.#runner : undefined;
  }

  /** The runner in operation, or a fresh one. */
  async #current(): Promise<Runner> {
    const ready = this.#ready();
    if (ready !== undefined) return ready;
    await this.#runner?.close?.();
    this.#runs = 0;
    this.#runner = await this.#target.open({
      rng: seededRng(this.#rng.u32()),
      reach: (point) => {
        this.#reached.add(point);
        this.#reachedNow.add(point);
      },
    });
    return this.#runner;
  }

  #draw(runner: Runner): Uint8Array {
    const rng = this.#rng;
    const corpus = this.#corpus;
    // Half of the time one of the latest: what is new has been tried least.
    const recent = Math.min(corpus.length, 256);
    const from = rng.below(2) === 0 ? corpus.length - recent : 0;
    const input = corpus[from + rng.below(corpus.length - from)]!;
    const other = corpus[rng.below(corpus.length)]!;
    const made = runner.mutate ? runner.mutate(input, other) : mutateBytes(input, other, rng);
    return made.length > this.#target.maxBytes ? made.slice(0, this.#target.maxBytes) : made;
  }

  /** Runs one input. @returns whether it did something that none has done before */
  #try(input: Uint8Array, runner: Runner): boolean | Promise<boolean> {
    this.#inputs++;
    this.#steps += this.#target.steps?.(input) ?? 1;
    this.#runs++;
    this.#branches.clear();
    try {
      const ran = this.#limits.run(runner, input);
      if (typeof ran === 'number') return this.#isNew(ran);
      return ran.then(
        (behaviour) => this.#isNew(behaviour),
        (error: unknown) => this.#found(input, error, runner),
      );
    } catch (error) {
      return this.#found(input, error, runner);
    }
  }

  #isNew(behaviour: number): boolean {
    const isNew = !this.#behaviours.has(behaviour);
    if (isNew) this.#behaviours.add(behaviour);
    return this.#branches.gained() > 0 || isNew;
  }

  #keep(input: Uint8Array): void {
    if (this.#corpus.length < MOST_KEPT) this.#corpus.push(input.slice());
    else this.#corpus[this.#rng.below(MOST_KEPT)] = input.slice();
  }

  /** Makes what is wrong small and keeps it. @returns false: it is no input to go on from */
  async #found(input: Uint8Array, error: unknown, runner: Runner): Promise<false> {
    const why = firstLine(error);
    if (this.#findings.some((known) => sameSort(known.why, why))) return false;
    const small = await minimise(input, async (candidate) => {
      try {
        await this.#limits.run(runner, candidate);
        return false;
      } catch (again) {
        return sameSort(firstLine(again), why);
      }
    });
    const hex = Buffer.from(small).toString('hex');
    this.#findings.push({ why, hex });
    const { name } = this.#target;
    const where = this.#options.keepFindings ? keepFinding(ROOT, name, small, why) : 'nowhere';
    const text = error instanceof Error ? (error.stack ?? why) : why;
    this.#options.report(`FOUND, kept in ${where}: ${text}\n  ${hex}`);
    return false;
  }

  /** Writes the corpus anew: few short inputs that together take every branch and reach every canary. */
  async #distil(): Promise<void> {
    const { name } = this.#target;
    const inputs = [...this.#corpus].sort((a, b) => a.length - b.length);
    const seen = new Set<string>();
    const chosen: Uint8Array[] = [];
    for (const input of inputs) if (await this.#adds(input, seen)) chosen.push(input);
    // Backwards: what a short input was chosen for may be done by a longer one that is needed anyway.
    seen.clear();
    const needed: Uint8Array[] = [];
    for (const input of chosen.reverse()) if (await this.#adds(input, seen)) needed.push(input);
    writeCorpus(ROOT, name, needed);
    this.#options.report(`${needed.length} of ${inputs.length} inputs make the corpus of ${name}`);
  }

  async #adds(input: Uint8Array, seen: Set<string>): Promise<boolean> {
    this.#branches.clear();
    this.#reachedNow.clear();
    try {
      const runner = await this.#current();
      this.#runs++;
      await runner.run(input);
    } catch {
      return false;
    }
    // Whole stories take too long to keep one for every branch.
    const places = this.#target.mostMs === undefined ? this.#branches.current() : [];
    const marks = [...places.map(String), ...this.#reachedNow];
    const before = seen.size;
    for (const mark of marks) seen.add(mark);
    return seen.size > before;
  }

  #line(rate: number): string {
    const { taken, total } = this.#branches;
    return `${this.#target.name}: ${this.#inputs} inputs, ${Math.round(rate)}/s, ${this.#corpus.length} kept, ${taken} of ${total} branches, ${this.#findings.length} findings`;
  }

  #result(seconds: number): SessionResult {
    const { name, canaries } = this.#target;
    const { missing, isProved } = judgeCanaries(canaries, this.#reached);
    const { taken, total } = this.#branches;
    return {
      target: name,
      seed: this.#options.seed,
      inputs: this.#inputs,
      steps: this.#steps,
      seconds: Math.round(seconds * 10) / 10,
      corpus: this.#corpus.length,
      behaviours: this.#behaviours.size,
      branches: { taken, total },
      missingBranches: this.#branches.missing(),
      slowestMs: Math.round(this.#limits.slowestMs * 100) / 100,
      findings: this.#findings,
      missingCanaries: missing,
      canariesProved: isProved,
    };
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split('\n', 1)[0] ?? text;
}

/** The same words but for numbers. */
function sameSort(a: string, b: string): boolean {
  const plain = (text: string): string => text.replaceAll(/[0-9a-f]{8,}|[0-9]+/g, '#');
  return plain(a) === plain(b);
}
