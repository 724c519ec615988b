/** What keys do: pure, each key gives the next state. */
import { SORTS, VIEWS, type WatchState } from './state.ts';

/** A key as Node's readline names it. */
export interface Key {
  /** `up`, `escape`, `a`; undefined for signs. */
  readonly name?: string | undefined;
  /** What was typed, as it came. */
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly shift?: boolean | undefined;
}

/** Longest filter. */
const MOST_LETTERS = 60;

/** Keys and what they do, as the help shows them. */
export const KEY_HELP: readonly (readonly [string, string])[] = [
  ['q, Ctrl-C', 'end, and print a summary'],
  ['tab, 1 to 4', 'overview, nodes, traffic, events'],
  ['s, S', 'sort nodes by the next, or the one before'],
  ['r', 'the other way round'],
  ['/', 'filter: words that must occur, -word must not'],
  ['escape', 'no filter'],
  ['arrows, page up/down, home', 'scroll'],
  ['p, space', 'pause, go on'],
  ['?', 'this help'],
];

/** The state after a key. */
export function press(state: WatchState, key: Key): WatchState {
  if (key.ctrl === true && key.name === 'c') return { ...state, isDone: true };
  if (state.typedOver !== undefined) return type(state, key);
  if (state.isHelping) return { ...state, isHelping: false, isDone: key.sequence === 'q' };
  return steer(state, key) ?? scroll(state, key) ?? state;
}

/** What signs do. */
const STEPS: Readonly<Record<string, (state: WatchState) => Partial<WatchState>>> = {
  q: () => ({ isDone: true }),
  '?': () => ({ isHelping: true }),
  h: () => ({ isHelping: true }),
  '/': ({ filter }) => ({ typedOver: filter, scroll: 0 }),
  s: ({ sort }) => ({ sort: next(SORTS, sort, 1), scroll: 0 }),
  S: ({ sort }) => ({ sort: next(SORTS, sort, -1), scroll: 0 }),
  r: ({ isReversed }) => ({ isReversed: !isReversed, scroll: 0 }),
  p: ({ isPaused }) => ({ isPaused: !isPaused }),
  ' ': ({ isPaused }) => ({ isPaused: !isPaused }),
  ...Object.fromEntries(VIEWS.map((view, i) => [`${i + 1}`, () => ({ view, scroll: 0 })])),
};

function steer(state: WatchState, key: Key): WatchState | undefined {
  const step = STEPS[key.sequence ?? ''];
  if (step) return { ...state, ...step(state) };
  if (key.name === 'escape') return { ...state, filter: '', scroll: 0 };
  if (key.name !== 'tab') return undefined;
  return { ...state, view: next(VIEWS, state.view, key.shift === true ? -1 : 1), scroll: 0 };
}

/** Where the end is, only who draws knows: it shows the last page then. */
function scroll(state: WatchState, key: Key): WatchState | undefined {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    down: 1,
    k: -1,
    j: 1,
    pageup: -10,
    pagedown: 10,
    home: Number.NEGATIVE_INFINITY,
  };
  const step = steps[key.name ?? ''];
  if (step === undefined) return undefined;
  const most = Math.max(state.nodes.length, state.events.length, 100);
  return { ...state, scroll: Math.min(most, Math.max(0, state.scroll + step)) };
}

function type(state: WatchState, key: Key): WatchState {
  const { name } = key;
  if (name === 'return' || name === 'enter') return { ...state, typedOver: undefined };
  if (name === 'escape') return { ...state, filter: state.typedOver ?? '', typedOver: undefined };
  if (name === 'backspace') return { ...state, filter: state.filter.slice(0, -1) };
  if (key.ctrl === true && key.name === 'u') return { ...state, filter: '' };
  const typed = key.sequence ?? '';
  if (!/^[\x20-\x7e]$/.test(typed) || state.filter.length >= MOST_LETTERS) return state;
  return { ...state, filter: state.filter + typed };
}

function next<T>(all: readonly T[], one: T, step: number): T {
  return all[(all.indexOf(one) + step + all.length) % all.length]!;
}
