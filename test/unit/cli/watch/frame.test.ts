import { describe, expect, it } from 'vitest';
import { LEAST, renderFrame, type Size } from '../../../../src/cli/watch/frame.ts';
import { startState, VIEWS, type WatchState } from '../../../../src/cli/watch/state.ts';
import { textOf, widthOf } from '../../../../src/cli/watch/text.ts';
import { madeUpNodes, madeUpState } from './made-up.ts';

const NARROW: Size = { columns: 80, rows: 24 };
const WIDE: Size = { columns: 200, rows: 50 };

const textAt = (state: WatchState, size: Size): string =>
  renderFrame(state, size)
    .map((spans) => textOf(spans).trimEnd())
    .join('\n');

/** A frame is compared as a whole: `vitest -u` writes it anew, for somebody to look at. */
async function expectFrame(state: WatchState, size: Size, name: string): Promise<void> {
  const file = `../../../fixtures/frames/${name}-${size.columns}.txt`;
  await expect(`${textAt(state, size)}\n`).toMatchFileSnapshot(file);
}

describe('frames', () => {
  for (const size of [NARROW, WIDE]) {
    for (const view of VIEWS) {
      it(`${view} at ${size.columns} columns`, () =>
        expectFrame(madeUpState({ view }), size, view));
    }
    it(`help at ${size.columns} columns`, () =>
      expectFrame(madeUpState({ isHelping: true }), size, 'help'));
  }

  it('the overview with and without an estimate of how many nodes there are', () => {
    const state = madeUpState();
    expect(textAt(state, NARROW).split('\n')[2]).toBe(
      'Coverage      97 %   of some 3,784 that exist · 3,752 to 3,831, 95 % sure',
    );
    const samples = state.samples.map((sample) => ({ ...sample, coverage: null }));
    expect(textAt({ ...state, samples }, NARROW)).not.toContain('Coverage');
  });

  it('before anything was heard', () => {
    const head = { identity: 'k', gossip: '127.0.0.1:1', shredVersion: 7, cluster: 'testnet' };
    const text = textAt(startState(head), NARROW);
    expect(text).toContain('Listening…');
    expect(text).toContain('Earshot on testnet · shred version 7');
  });

  it('of every size are exactly as large as the terminal', () => {
    for (const view of VIEWS) {
      for (const isHelping of [false, true]) {
        const state = madeUpState({ view, isHelping, scroll: 17, nodes: madeUpNodes(90) });
        for (let columns = 1; columns <= 240; columns += columns < 90 ? 7 : 31) {
          for (let rows = 1; rows <= 70; rows += 9) {
            const frame = renderFrame(state, { columns, rows });
            expect(frame.length, `${view} at ${columns} × ${rows}`).toBe(rows);
            const odd = frame.findIndex((spans) => widthOf(spans) !== columns);
            expect(odd, `${view} at ${columns} × ${rows}: the first line of another width`).toBe(
              -1,
            );
          }
        }
      }
    }
  });

  it('say what is missing when the terminal is too small', () => {
    const text = textAt(madeUpState(), { columns: LEAST.columns - 1, rows: 24 });
    expect(text.replaceAll('\n', ' ')).toContain(
      '59 × 24 is too small: the live view needs 60 × 16. Enlarge the window, or q ends.',
    );
    expect(textAt(madeUpState(), LEAST)).toContain('Versions');
  });

  it('end with the last page, however far somebody scrolls', () => {
    const text = textAt(madeUpState({ view: 'nodes', scroll: 1e9 }), NARROW);
    expect(text).toContain('of 3,712');
    expect(text).toMatch(/to 3712 of/);
  });

  it('show what is typed, and what a filter leaves', () => {
    const state = madeUpState({ view: 'nodes', filter: 'firedancer 4.4.0' });
    const text = textAt(state, NARROW);
    expect(text).toMatch(/Nodes 1 to 14 of \d+ of 3,712 with "firedancer 4\.4\.0", by stake/);
    const typing = textAt({ ...state, typedOver: '' }, NARROW)
      .split('\n')
      .at(-1);
    expect(typing).toBe(' filter: firedancer 4.4.0_  enter keeps it, escape does not');
  });
});
