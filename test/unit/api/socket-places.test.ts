import { expect, it } from 'vitest';
import type { NodeChange } from '../../../src/api/changes.ts';
import { Observer } from '../../../src/api/observer.ts';
import { SOCKET_NAMES } from '../../../src/wire/limits.ts';
import { peers, TestNode, xxhash } from '../node/harness.ts';
import type { Peer } from '../node/peer.ts';

const [alice] = peers(1) as [Peer];

const service = (name: (typeof SOCKET_NAMES)[number], port: number) => ({
  key: SOCKET_NAMES.indexOf(name),
  ip: alice.ip,
  port,
});

it('services that moved, closed and opened at once are one change', () => {
  const test = new TestNode();
  const gossip = service('gossip', alice.port);
  test.meet(alice);
  const observer = new Observer(test.parts.regions, xxhash, test.clock);
  let seq = observer.changes.latest;
  const told = (...sockets: (typeof gossip)[]): NodeChange[] => {
    test.clock.advance(1_000);
    const wallclock = test.clock.wallMs();
    test.from(alice, alice.push(alice.contact({ wallclock, sockets: [gossip, ...sockets] })));
    observer.poll();
    const found = observer.changes.since(seq, {}, 100);
    if (found.gap) throw new Error('a gap');
    seq = found.next;
    return [...found.changes];
  };
  told();
  expect(told(service('tpu', 1), service('tvu', 2))).toMatchObject([
    {
      kind: 'sockets',
      old: { tpu: null, tvu: null },
      new: { tpu: '198.51.0.2:1', tvu: '198.51.0.2:2' },
    },
  ]);
  const after = [service('tpu', 3), service('tpuVote', 4)];
  const [change, ...more] = told(...after);
  expect(more).toEqual([]);
  expect([change?.old, change?.new]).toEqual([
    { tpu: '198.51.0.2:1', tvu: '198.51.0.2:2', tpuVote: null },
    { tpu: '198.51.0.2:3', tvu: null, tpuVote: '198.51.0.2:4' },
  ]);
  expect(told(...after), 'nothing is elsewhere').toEqual([]);
  expect(told(...after, service('rpc', 5)), 'RPC has changes of its own').toMatchObject([
    { kind: 'rpcOpened' },
  ]);
});
