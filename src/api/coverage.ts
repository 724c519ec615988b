import type { CoverageSample } from '../node/coverage-samples.ts';
import type { SpyNode } from '../node/spy.ts';
import { shareLimits } from './binomial.ts';

const CONFIDENCE = 0.95;

/** From fewer nodes drawn, or samples that are all or nothing, nothing can be told. */
const LEAST_DRAWS = 3;

/** Of fewer samples it cannot be told how much they scatter: the worst is taken. */
const ENOUGH_SAMPLES = 30;

/** How many nodes there are, as far as samples tell. */
export interface NodeEstimate {
  /** The best guess; ourselves not counted. */
  readonly nodes: number;
  /** The truth lies between these with this confidence, among all nodes that others tell of. */
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

/** An estimate, and what it rests on. */
export interface Coverage extends NodeEstimate {
  /** Nodes that signed a contact info within the last minute and that we know of. */
  readonly known: number;
  /** Samples, nodes seen in them, and how many of these we knew before. */
  readonly samples: number;
  readonly captured: number;
  readonly recaptured: number;
}

/**
 * How many nodes exist, from samples of what others know: capture and recapture with our own list as
 * the marked ones (Schnabel's census). A sample is every contact info that a peer has in a part of the
 * space of hashes. A hash is new with each signature and falls anywhere, so that each node is as likely
 * in a sample as any other, whoever and wherever it is; among those drawn, the share that we knew is the
 * share that we know of all.
 *
 * - Our list grows between samples: each is compared with the list of the moment when it was sent.
 * - The limits are exact for a share (Clopper and Pearson), so they hold when everybody drawn was known.
 * - Peers may differ in what they know. Samples that scatter by more than chance count for less.
 * - Who is known to nobody we ask cannot be counted by anybody.
 *
 * @param known nodes known now: there are at least so many
 * @returns undefined while hardly anything was drawn, or nobody drawn was known
 */
export function estimateNodes(
  samples: readonly CoverageSample[],
  known = 0,
): NodeEstimate | undefined {
  let captured = 0;
  let recaptured = 0;
  let marked = 0;
  for (const sample of samples) {
    captured += sample.captured;
    recaptured += sample.recaptured;
    marked += sample.captured * sample.known;
  }
  if (recaptured === 0) return undefined;
  const mean = marked / captured;
  const share = recaptured / captured;
  const scatter = scatterOf(samples, mean / share);
  if (captured / scatter < LEAST_DRAWS) return undefined;
  const limits = shareLimits(recaptured / scatter, captured / scatter, CONFIDENCE);
  const least = Math.max(known, 1);
  return {
    nodes: Math.max(least, Math.round(mean / share)),
    low: Math.max(least, Math.floor(mean / limits.high)),
    high: Math.max(least, Math.ceil(mean / limits.low)),
    confidence: CONFIDENCE,
  };
}

/**
 * By how much more the numbers of strangers differ from sample to sample than by chance; 1 when they do
 * not. All nodes of a sample may be strangers together, namely while nobody has told us of that part of
 * the space of hashes, but a sample never counts for less than one node.
 *
 * @source Burnham et al. 1987, quasi-likelihood; Kish 1965, design effect
 */
function scatterOf(samples: readonly CoverageSample[], nodes: number): number {
  let found = 0;
  let expected = 0;
  let count = 0;
  let squares = 0;
  for (const { captured, recaptured, known } of samples) {
    const share = Math.max(0, 1 - known / nodes);
    found += (captured - recaptured - captured * share) ** 2;
    expected += captured * share * (1 - share);
    count += captured;
    squares += captured ** 2;
  }
  if (expected === 0) return 1;
  const worst = squares / count;
  return Math.max(1, samples.length < ENOUGH_SAMPLES ? worst : Math.min(found / expected, worst));
}

/** How many nodes exist around a running node; null while it has drawn no sample. */
export function nodeCoverage(node: SpyNode): Coverage | null {
  const { coverage, clock } = node.parts;
  const samples = coverage.samples(clock.monoMs());
  const known = coverage.known();
  const estimate = estimateNodes(samples, known);
  if (!estimate) return null;
  const sum = (of: (sample: CoverageSample) => number): number =>
    samples.reduce((total, sample) => total + of(sample), 0);
  return {
    ...estimate,
    known,
    samples: samples.length,
    captured: sum((s) => s.captured),
    recaptured: sum((s) => s.recaptured),
  };
}
