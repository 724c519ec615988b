import { expect, it } from 'vitest';
import { peers, TestNode } from './harness.ts';

it('a node that is cut off says so within 30 s, and again when it hears others', () => {
  const test = new TestNode();
  const [alice, bob] = peers(2);
  test.meet(alice!);
  for (let s = 0; s < 60; s++) {
    test.from(alice!, alice!.push(alice!.slots(s, test.clock.wallMs())));
    test.run(1_000);
  }
  expect(test.parts.hearing.report()).toMatchObject({ isCutOff: false, cutOffs: 0 });
  test.run(19_000);
  expect(test.parts.hearing.report().isCutOff).toBe(false);
  // Garbage is nobody's voice.
  test.from(bob!, new Uint8Array(100));
  test.run(3_000);
  const report = test.parts.hearing.report();
  expect(report).toMatchObject({ isCutOff: true, cutOffs: 1 });
  expect(report.silentMs).toBeGreaterThanOrEqual(20_000);
  test.run(60_000);
  test.from(alice!, alice!.ping());
  test.run(100);
  expect(test.parts.hearing.report()).toEqual({ silentMs: 0, isCutOff: false, cutOffs: 1 });
  const said = test.logged.map(({ message }) => message);
  expect(said.filter((words) => words.includes('heard'))).toEqual([
    'nobody is heard: cut off, or alone',
    'others are heard again',
  ]);
});
