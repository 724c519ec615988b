/** What the live view knows and how it is looked at: pure, each input gives the next state. */
import type { ChangeEvent } from '../../api/change-reader.ts';
import type { Coverage } from '../../api/coverage.ts';
import type { SpySummary } from '../../api/listing.ts';
import type { NodeInfo } from '../../api/nodes.ts';
import type { SpyStats } from '../../api/stats.ts';
import { describeEvent, type WatchEvent } from './events.ts';

/** Numbers at a moment; those that grow are since the start. */
export interface WatchSample {
  /** Monotonic. */
  readonly atMs: number;
  /** Since the Unix epoch. */
  readonly wallMs: number;
  /** Since the start. */
  readonly elapsedMs: number;
  readonly summary: SpySummary;
  readonly stats: SpyStats;
  /** How many nodes there are, estimated; null while there is no telling. */
  readonly coverage: Coverage | null;
}

/** What does not change while it runs. */
export interface WatchHead {
  readonly identity: string;
  readonly gossip: string;
  readonly shredVersion: number;
  /** Name of the cluster, or its entrypoint. */
  readonly cluster: string;
}

/** Which part fills the screen. */
export const VIEWS = ['overview', 'nodes', 'traffic', 'events'] as const;
/** One of them. */
export type View = (typeof VIEWS)[number];

/** What nodes can be ordered by. */
export const SORTS = [
  'stake',
  'version',
  'client',
  'life',
  'seen',
  'since',
  'address',
  'key',
] as const;
/** One of them. */
export type Sort = (typeof SORTS)[number];

/** Everything that a frame is drawn from. */
export interface WatchState {
  readonly head: WatchHead;
  /** Oldest first; the last is what is shown. */
  readonly samples: readonly WatchSample[];
  readonly nodes: readonly NodeInfo[];
  /** Newest first. */
  readonly events: readonly WatchEvent[];
  /** When nodes came and went lately, since the Unix epoch. */
  readonly joined: readonly number[];
  readonly left: readonly number[];
  readonly view: View;
  readonly sort: Sort;
  readonly isReversed: boolean;
  /** Words that a node must contain, those after a minus it must not. */
  readonly filter: string;
  /** The filter before it was typed over; undefined when nobody types. */
  readonly typedOver: string | undefined;
  readonly scroll: number;
  readonly isPaused: boolean;
  readonly isHelping: boolean;
  readonly isDone: boolean;
}

/** What the view hears of. */
export type WatchInput =
  | { readonly kind: 'sample'; readonly sample: WatchSample }
  | { readonly kind: 'nodes'; readonly nodes: readonly NodeInfo[] }
  | { readonly kind: 'changes'; readonly changes: readonly ChangeEvent[] }
  | { readonly kind: 'log'; readonly atMs: number; readonly text: string };

/** Rates are taken over this long. @units ms */
export const RATE_MS = 5_000;

/** Samples kept: two minutes at two a second, for the lines of bars. */
const KEPT_SAMPLES = 240;

const KEPT_EVENTS = 500;

/** Comings and goings are counted over this long. @units ms */
export const LATELY_MS = 60_000;

/** Whatever came in while the first nodes are being found is no news. @units ms */
export const SETTLING_MS = 15_000;

/** Nothing heard yet. */
export function startState(head: WatchHead): WatchState {
  return {
    head,
    samples: [],
    nodes: [],
    events: [],
    joined: [],
    left: [],
    view: 'overview',
    sort: 'stake',
    isReversed: false,
    filter: '',
    typedOver: undefined,
    scroll: 0,
    isPaused: false,
    isHelping: false,
    isDone: false,
  };
}

/** The state after an input. A paused view takes in nothing but what would be lost. */
export function hear(state: WatchState, input: WatchInput): WatchState {
  switch (input.kind) {
    case 'sample':
      if (state.isPaused) return state;
      return { ...state, samples: [...state.samples, input.sample].slice(-KEPT_SAMPLES) };
    case 'nodes':
      return state.isPaused ? state : { ...state, nodes: input.nodes };
    case 'changes':
      return hearChanges(state, input.changes);
    case 'log': {
      const event: WatchEvent = { atMs: input.atMs, sign: '!', role: 'warn', text: input.text };
      return { ...state, events: [event, ...state.events].slice(0, KEPT_EVENTS) };
    }
  }
}

function hearChanges(state: WatchState, changes: readonly ChangeEvent[]): WatchState {
  const events: WatchEvent[] = [];
  const joined: number[] = [];
  const left: number[] = [];
  let newest = 0;
  for (const change of changes) {
    newest = Math.max(newest, change.at);
    if (change.kind === 'appeared') joined.push(change.at);
    if (change.kind === 'disappeared') left.push(change.at);
    const event = describeEvent(change);
    if (event) events.push(event);
  }
  const isLate = (at: number): boolean => at > newest - LATELY_MS;
  return {
    ...state,
    events: [...events.reverse(), ...state.events].slice(0, KEPT_EVENTS),
    joined: [...state.joined, ...joined].filter(isLate),
    left: [...state.left, ...left].filter(isLate),
  };
}

/** The sample that is shown, and the one that rates are counted from. */
export function span(state: WatchState): { now: WatchSample; before: WatchSample } | undefined {
  const now = state.samples.at(-1);
  if (!now) return undefined;
  const before = state.samples.findLast(({ atMs }) => atMs <= now.atMs - RATE_MS);
  return { now, before: before ?? state.samples[0]! };
}
