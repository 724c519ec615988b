import { PROOF_REFRESH_MS } from '../gossip/ping.ts';

/** What can be said of a node; never said without its evidence. */
export const LIVENESS = ['alive', 'quiet', 'stale', 'unreachable', 'contradictory'] as const;
/** One of the five verdicts. */
export type LivenessVerdict = (typeof LIVENESS)[number];

/** Contact infos are renewed every 7.5 s and are round in 15: whoever signed nothing for so long has fallen silent. @source behaviour 0.3, ACTIVE_MS */
export const SILENT_MS = 60_000;

/** Who has been silent for so long is more likely gone than restarting. */
export const STALE_MS = 300_000;

/** No honest clock is further ahead: validators refuse such pushes. @source behaviour 0.3, PUSH_WINDOW_MS */
export const SKEW_MS = 15_000;

/** Pings without an answer that show an address to be deaf; one or two may have been lost. */
const DEAF_PINGS = 3;

/** Proofs are renewed when they are this old; one that is much older was not renewed for want of an answer. */
const RENEWED_MS = PROOF_REFRESH_MS + SILENT_MS;

/** What is known of one node. Ages are in ms, counted back from the moment of asking. */
export interface LivenessEvidence {
  /** Since its contact info last came in or showed life, by our clock. */
  readonly heardMs: number;
  /** Since it signed that contact info, by its own clock against ours; below 0 when its clock is ahead. */
  readonly signedMs: number;
  /** Since its address last answered a ping of ours, and how long that took; null when it never did. */
  readonly answered: { readonly agoMs: number; readonly roundTripMs: number } | null;
  /** Pings sent to its address since then; null where that is not counted. */
  readonly unanswered: number | null;
  /** Votes that we hold, and since when it signed the latest; null when there is none. */
  readonly votes: { readonly count: number; readonly signedMs: number } | null;
  /** The same of epoch slots. */
  readonly epochSlots: { readonly count: number; readonly signedMs: number } | null;
  /** Who brought its contact info; null where that is not known. */
  readonly via: { readonly route: 'push' | 'pull' | 'own'; readonly from: string | null } | null;
  /** Another instance under the same key, which signed after the one that we list had started. */
  readonly otherInstance: { readonly outset: number; readonly heardMs: number } | null;
}

/** A verdict, why, and on what it rests. */
export interface Liveness {
  readonly verdict: LivenessVerdict;
  /** The reason in words. */
  readonly because: string;
  readonly evidence: LivenessEvidence;
}

/**
 * Judges a node by what was heard of it. Pure: the same evidence gives the same verdict.
 *
 * - `contradictory`: two instances use one key; or it signs in the future; or its address answers though
 *   nothing it signed gets round.
 * - `alive`: it signed something in the last minute, and its address has answered us.
 * - `unreachable`: it signed something in the last minute, and its address does not answer.
 * - `quiet`: it signed something in the last minute and has not been asked long enough; or it has been
 *   silent for one to five minutes.
 * - `stale`: nothing it signed is younger than five minutes.
 */
export function judgeLiveness(evidence: LivenessEvidence): Liveness {
  const [verdict, because] = judge(evidence);
  return { verdict, because, evidence };
}

function judge(e: LivenessEvidence): [LivenessVerdict, string] {
  if (e.otherInstance && e.otherInstance.heardMs <= STALE_MS) {
    const { heardMs, outset } = e.otherInstance;
    return [
      'contradictory',
      `two instances use this key: one started at ${startText(outset)} still spoke ${ago(heardMs)}, after the other had started`,
    ];
  }
  if (e.signedMs < -SKEW_MS) {
    return [
      'contradictory',
      `it signs ${span(-e.signedMs)} in the future: its clock or ours is off`,
    ];
  }
  const signedMs = latestSigned(e);
  const hasAnswered = e.answered !== null && e.answered.agoMs <= SILENT_MS;
  if (signedMs > SILENT_MS && hasAnswered) {
    return [
      'contradictory',
      `its address answered ${ago(e.answered.agoMs)}, but the latest it signed is from ${ago(signedMs)}: its clock is behind, or what it says does not get round`,
    ];
  }
  if (signedMs > STALE_MS) return ['stale', `the latest it signed is from ${ago(signedMs)}`];
  if (signedMs > SILENT_MS) return ['quiet', `it signed nothing since ${ago(signedMs)}`];
  return judgeAddress(e, signedMs);
}

/** Of a node that signs, whether its address is where it says. */
function judgeAddress(e: LivenessEvidence, signedMs: number): [LivenessVerdict, string] {
  const signs = `it signed ${ago(signedMs)}`;
  const { answered, unanswered } = e;
  const pings = unanswered ?? 0;
  if (pings >= DEAF_PINGS) {
    const before = answered ? `, last ${ago(answered.agoMs)}` : '';
    return ['unreachable', `${signs}, but its address left ${pings} pings unanswered${before}`];
  }
  if (answered === null) {
    const asked = pings === 0 ? 'has not been pinged yet' : 'has not answered yet';
    return ['quiet', `${signs}; its address ${asked}`];
  }
  if (unanswered === null && answered.agoMs > RENEWED_MS) {
    return [
      'unreachable',
      `${signs}, but its address has not answered since ${ago(answered.agoMs)}`,
    ];
  }
  const voted = e.votes ? `, voted ${ago(e.votes.signedMs)}` : '';
  const trip = `answered ${ago(answered.agoMs)} in ${milliseconds(answered.roundTripMs)}`;
  return ['alive', `${signs}, ${trip}${voted}`];
}

/** Age of the latest that it signed of any kind. */
function latestSigned(e: LivenessEvidence): number {
  return Math.min(
    e.signedMs,
    e.votes?.signedMs ?? Number.POSITIVE_INFINITY,
    e.epochSlots?.signedMs ?? Number.POSITIVE_INFINITY,
  );
}

/** A round trip, with a digit behind the point where it counts. */
export function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

const ago = (ms: number): string => `${span(Math.max(0, ms))} ago`;

/** A time that people read: `4 s`, `12 min`, `3 h`. */
function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** An outset as people read it. @units outset: µs since the epoch */
function startText(outset: number): string {
  const ms = outset / 1000;
  return ms > 0 && ms < 8.64e15 ? new Date(ms).toISOString().slice(0, 19) : `${outset} µs`;
}
