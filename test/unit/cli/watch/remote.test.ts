import { afterAll, beforeAll, expect, it } from 'vitest';
import { RemoteSpy } from '../../../../src/cli/watch/remote.ts';
import { SystemClock } from '../../../../src/util/clock.ts';
import { alice, bob, carol, Served } from '../../api/served.ts';

let served: Served;
beforeAll(async () => {
  served = await new Served({ clock: SystemClock }).meet(alice, bob).open();
});
afterAll(() => served.api.close());

it('a spy elsewhere is what its API tells of it', async () => {
  const spy = await RemoteSpy.open(served.url);
  try {
    const { identity, shredVersion } = served.test.node.parts.options;
    expect([spy.identity, spy.shredVersion]).toEqual([identity.address, shredVersion]);
    expect(spy.summary()).toMatchObject({ proved: 2, unproved: 0 });
    expect(spy.nodes().map(({ pubkey }) => pubkey)).toEqual([alice.address, bob.address].sort());
    expect(spy.stats().datagrams.received).toBeGreaterThan(0);
    expect(spy.elapsedMs()).toBeGreaterThanOrEqual(0);
    const changes = spy.changes({ filter: { kinds: ['appeared'] } });
    const next = changes.next();
    while (served.api.counts['streams'] === 0) {
      await new Promise<void>((resolve) => SystemClock.after(2, resolve));
    }
    served.meet(carol);
    expect((await next).value).toMatchObject({ kind: 'appeared', pubkey: carol.address });
  } finally {
    spy.close();
  }
});

it('one that is not there is an error with a next step', async () => {
  await expect(RemoteSpy.open('http://127.0.0.1:9')).rejects.toThrow(/Start one with earshot spy/);
});
