import { describe, expect, it } from 'vitest';
import { type Key, press } from '../../../../src/cli/watch/keys.ts';
import { filterEvents, filterNodes, sortNodesBy } from '../../../../src/cli/watch/select.ts';
import { hear, SORTS, type WatchState } from '../../../../src/cli/watch/state.ts';
import { madeUpNodes, madeUpSample, madeUpState } from './made-up.ts';

/** Keys by what they send, or by name. */
const NAMED = ['up', 'down', 'home', 'pageup', 'pagedown', 'tab', 'return', 'escape', 'backspace'];
const keyOf = (text: string): Key =>
  NAMED.includes(text) ? { name: text, sequence: '' } : { name: text, sequence: text };

const pressed = (keys: readonly string[], state: WatchState = madeUpState()): WatchState =>
  keys.map(keyOf).reduce(press, state);

describe('keys', () => {
  const cases: { name: string; keys: string[]; gives: Partial<WatchState> }[] = [
    { name: 'q ends', keys: ['q'], gives: { isDone: true } },
    { name: '? helps', keys: ['?'], gives: { isHelping: true } },
    {
      name: 'any key ends the help and does nothing else',
      keys: ['?', 's'],
      gives: { isHelping: false, sort: 'stake' },
    },
    { name: 'q ends out of the help, too', keys: ['?', 'q'], gives: { isDone: true } },
    { name: 's sorts by the next', keys: ['s', 's'], gives: { sort: 'client' } },
    { name: 'S goes back, around the end', keys: ['S'], gives: { sort: SORTS.at(-1)! } },
    { name: 'r turns round and back', keys: ['r', 'r', 'r'], gives: { isReversed: true } },
    { name: 'tab goes through the views', keys: ['tab', 'tab'], gives: { view: 'traffic' } },
    { name: 'numbers choose a view', keys: ['4'], gives: { view: 'events' } },
    { name: 'p pauses', keys: ['p'], gives: { isPaused: true } },
    {
      name: 'arrows scroll, not above the top',
      keys: ['down', 'down', 'up', 'up', 'up', 'down'],
      gives: { scroll: 1 },
    },
    { name: 'home goes to the top', keys: ['pagedown', 'home'], gives: { scroll: 0 } },
    { name: 'sorting goes to the top', keys: ['pagedown', 's'], gives: { scroll: 0 } },
    {
      name: 'a filter is typed',
      keys: ['/', 'q', 's', '?', 'backspace', 'return'],
      gives: { filter: 'qs', typedOver: undefined, isDone: false },
    },
    {
      name: 'escape leaves the filter as it was',
      keys: ['/', 'a', 'return', '/', 'b', 'escape'],
      gives: { filter: 'a', typedOver: undefined },
    },
    {
      name: 'escape outside takes it away',
      keys: ['/', 'a', 'return', 'escape'],
      gives: { filter: '' },
    },
    {
      name: 'what steers the terminal is not typed',
      keys: ['/', '\x1b', '\t', 'é'],
      gives: { filter: '' },
    },
    {
      name: 'unknown keys do nothing',
      keys: ['x', '5', '%'],
      gives: { view: 'overview', isDone: false },
    },
  ];
  for (const { name, keys, gives } of cases) {
    it(name, () => expect(pressed(keys)).toMatchObject(gives));
  }

  it('Ctrl-C ends from everywhere', () => {
    for (const keys of [[], ['?'], ['/', 'a']]) {
      expect(press(pressed(keys), { name: 'c', ctrl: true, sequence: '\x03' }).isDone).toBe(true);
    }
  });

  it('a filter has an end', () => {
    const state = pressed(['/', ...Array<string>(200).fill('a')]);
    expect(state.filter.length).toBe(60);
  });
});

describe('nodes', () => {
  const nodes = madeUpNodes(300);

  it('are meant when every word occurs and none that shall not', () => {
    const found = filterNodes(nodes, '4.4 -jito  AGAVE');
    expect(found.length).toBeGreaterThan(0);
    for (const { version, client } of found) {
      expect(version).toContain('4.4');
      expect(client).toContain('Agave');
    }
    expect(filterNodes(nodes, '   ')).toBe(nodes);
    expect(filterNodes(nodes, '-').length).toBe(nodes.length);
    const [one] = filterNodes(nodes, nodes[17]!.pubkey.toLowerCase());
    expect(one?.pubkey).toBe(nodes[17]!.pubkey);
  });

  it('have one order for each sort, and its reverse', () => {
    const shuffled = [...nodes].reverse();
    for (const sort of SORTS) {
      const keys = sortNodesBy(nodes, sort, false).map((n) => n.pubkey);
      expect(
        sortNodesBy(shuffled, sort, false).map((n) => n.pubkey),
        sort,
      ).toEqual(keys);
      expect(new Set(keys).size, sort).toBe(nodes.length);
    }
    const stakes = sortNodesBy(nodes, 'stake', false).map((n) => n.stake ?? 0);
    expect(stakes).toEqual([...stakes].sort((a, b) => b - a));
    const versions = sortNodesBy(nodes, 'version', true).map((n) => n.version);
    expect([versions[0], versions.at(-1)]).toEqual(['0.1004.40404', '4.5.0-beta.1']);
  });
});

describe('what is heard', () => {
  it('events are the newest first; votes are none', () => {
    const { events, joined, left } = madeUpState();
    expect(events.map(({ sign }) => sign)).toEqual(['!', '~', '-', '~', '+']);
    expect([joined.length, left.length]).toEqual([1, 1]);
    expect(filterEvents(events, '192.0.2').length).toBe(1);
  });

  it('comings are counted for a minute', () => {
    const state = madeUpState();
    const late = { ...state.joined, at: state.joined[0]! + 61_000 };
    const gap = {
      kind: 'gap',
      gap: true,
      seq: 9,
      since: 0,
      reason: 'lost',
      nodes: [],
      at: late.at,
    } as const;
    expect(hear(state, { kind: 'changes', changes: [gap] }).joined).toEqual([]);
  });

  it('a paused view keeps its figures, and events all the same', () => {
    const state = pressed(['p']);
    const heard = hear(hear(state, { kind: 'sample', sample: madeUpSample(900) }), {
      kind: 'log',
      atMs: 0,
      text: 'disk full',
    });
    expect(heard.samples).toBe(state.samples);
    expect(heard.events[0]?.text).toBe('disk full');
  });

  it('is bounded, whatever comes', () => {
    let state = madeUpState();
    for (let i = 0; i < 600; i++) {
      state = hear(state, { kind: 'sample', sample: madeUpSample(1_000 + i) });
      state = hear(state, { kind: 'log', atMs: i, text: `${i}` });
    }
    expect([state.samples.length, state.events.length]).toEqual([240, 500]);
  });
});
