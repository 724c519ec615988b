import { describe, expect, it } from 'vitest';
import { clusterSlot } from '../../../../src/api/rpc/vote-accounts.ts';
import { fromBase58 } from '../../../../src/util/base58.ts';
import { SOCKET_NAMES } from '../../../../src/wire/limits.ts';
import { alice, bob, carol, Served } from '../served.ts';

const key = (name: (typeof SOCKET_NAMES)[number]): number => SOCKET_NAMES.indexOf(name);

/** As a validator of 4.4 writes a node, field by field. @source agave rpc-client-types, RpcContactInfo */
const FIELDS = [
  'clientId',
  'featureSet',
  'gossip',
  'pubkey',
  'pubsub',
  'rpc',
  'serveRepair',
  'shredVersion',
  'tpu',
  'tpuForwards',
  'tpuForwardsQuic',
  'tpuQuic',
  'tpuVote',
  'tvu',
  'version',
];

/** Alice as a validator with every service. */
function withServices(): Served {
  const served = new Served().meet(alice, bob);
  const { ip } = alice;
  const sockets = SOCKET_NAMES.map((_, i) => ({ key: i, ip, port: 8001 + i }));
  const wallclock = served.test.clock.wallMs() + 1;
  served.test.from(alice, alice.push(alice.contact({ sockets, wallclock })));
  return served.look();
}

describe('getClusterNodes', () => {
  it('is what a validator answers, byte for byte', async () => {
    const served = withServices();
    const response = await served.post(
      '{"id":0,"jsonrpc":"2.0","method":"getClusterNodes","params":null}',
    );
    const text = await response.text();
    expect(text).toMatch(/^\{"jsonrpc":"2\.0","result":\[\{"clientId":.*\}\],"id":0\}$/);
    const nodes = (JSON.parse(text) as { result: Record<string, unknown>[] }).result;
    for (const node of nodes) expect(Object.keys(node)).toEqual(FIELDS);
    const at = (name: (typeof SOCKET_NAMES)[number]): string =>
      `198.51.0.${alice.ip & 255}:${8001 + key(name)}`;
    expect(nodes.find(({ pubkey }) => pubkey === alice.address)).toEqual({
      clientId: 'Agave',
      featureSet: 2,
      gossip: at('gossip'),
      pubkey: alice.address,
      pubsub: at('rpcPubsub'),
      rpc: at('rpc'),
      serveRepair: at('serveRepair'),
      shredVersion: 20_126,
      tpu: null,
      tpuForwards: null,
      tpuForwardsQuic: at('tpuForwardsQuic'),
      tpuQuic: at('tpuQuic'),
      tpuVote: at('tpuVote'),
      tvu: at('tvu'),
      version: '4.4.0',
    });
    expect(nodes.find(({ pubkey }) => pubkey === bob.address)).toMatchObject({
      tvu: null,
      rpc: null,
    });
  });

  it('has ourselves, as validators have, under the number of our client', async () => {
    const { result } = await withServices().call('getClusterNodes');
    const nodes = result as { pubkey: string; clientId: string }[];
    expect(nodes.length).toBe(3);
    const own = nodes.find(({ pubkey }) => pubkey === new Served().test.identity.address);
    expect(own?.clientId).toBe('Unknown(16709)');
  });

  it('follows the table, and is kept as it is while nothing changes', async () => {
    const served = new Served().meet(alice);
    const all = async (): Promise<unknown> => (await served.call('getClusterNodes', [])).result;
    const first = await all();
    // A node that renews its contact info says nothing new.
    served.test.clock.advance(1);
    const wallclock = served.test.clock.wallMs();
    served.test.from(alice, alice.push(alice.contact({ wallclock })));
    served.look();
    expect(await all()).toEqual(first);
    served.meet(bob);
    expect(((await all()) as unknown[]).length).toBe(3);
    served.test.parts.table.removeOrigin(bob.key, 0, served.test.clock.wallMs());
    served.look();
    expect(await all()).toEqual(first);
  });

  it('is richer for who asks for it', async () => {
    const { result } = await withServices().call('getClusterNodes', [{ details: true }]);
    const [node] = (result as Record<string, unknown>[]).filter(
      (n) => n['pubkey'] === alice.address,
    );
    expect(node).toMatchObject({
      proved: true,
      clientId: 'Agave',
      commit: '00000001',
      stake: null,
    });
    expect(node).toMatchObject({ liveness: { verdict: 'alive' } });
  });

  it('leaves addresses out that nobody outside can reach', async () => {
    const served = new Served().meet(alice);
    const sockets = [
      { key: key('gossip'), ip: alice.ip, port: alice.port },
      { key: key('rpc'), ip: 0x7f000001, port: 8899 },
    ];
    const wallclock = served.test.clock.wallMs() + 1;
    served.test.from(alice, alice.push(alice.contact({ sockets, wallclock })));
    const { result } = await served.look().call('getClusterNodes');
    const nodes = result as { pubkey: string; rpc: string | null }[];
    expect(nodes.find(({ pubkey }) => pubkey === alice.address)?.rpc).toBeNull();
  });
});

describe('getVoteAccounts', () => {
  it('needs stakes', async () => {
    const { error } = await new Served().meet(alice).vote(alice, 100).call('getVoteAccounts');
    expect(error?.code).toBe(-32601);
    expect(error?.message).toContain('--stakes');
  });

  it('has the latest vote of everybody with stake', async () => {
    const served = new Served().meet(alice, bob, carol);
    served.vote(alice, 999, 0).vote(alice, 1_000, 1).vote(bob, 800).vote(carol, 1_001);
    served.stake([alice, 4e9], [bob, 3e9]);
    const { result } = await served.call('getVoteAccounts');
    expect(result).toEqual({
      current: [
        {
          activatedStake: 4e9,
          commission: 0,
          epochCredits: [],
          epochVoteAccount: true,
          lastVote: 1_000,
          nodePubkey: alice.address,
          rootSlot: 969,
          votePubkey: alice.address,
        },
      ],
      delinquent: [
        expect.objectContaining({ nodePubkey: bob.address, lastVote: 800, activatedStake: 3e9 }),
      ],
    });
    const far = await served.call('getVoteAccounts', [{ delinquentSlotDistance: 300 }]);
    expect((far.result as { current: object[] }).current.length).toBe(2);
    const one = await served.call('getVoteAccounts', [{ votePubkey: bob.address }]);
    expect(one.result).toMatchObject({ current: [], delinquent: [{ votePubkey: bob.address }] });
    served.vote(bob, 1_002);
    const now = await served.call('getVoteAccounts', [{ commitment: 'finalized' }]);
    expect(now.result).toMatchObject({ current: [{ lastVote: 1_000 }, { lastVote: 1_002 }] });
  });

  const bad = [
    { name: 'a key that is none', params: [{ votePubkey: 'x' }] },
    { name: 'a distance that is none', params: [{ delinquentSlotDistance: -1 }] },
    { name: 'no object', params: ['x'] },
    { name: 'two objects', params: [{}, {}] },
    { name: 'names instead of places', params: { votePubkey: alice.address } },
  ];
  for (const { name, params } of bad) {
    it(`refuses ${name}`, async () => {
      const served = new Served().meet(alice).stake([alice, 1e9]);
      expect((await served.call('getVoteAccounts', params)).error?.code).toBe(-32602);
    });
  }

  it('is not where one validator says the cluster is', () => {
    const account = (activatedStake: number, lastVote: number) => ({ activatedStake, lastVote });
    expect(clusterSlot([account(1, 9e14), account(2, 100), account(2, 101)])).toBe(101);
    expect(clusterSlot([])).toBe(0);
  });
});

describe('the small ones', () => {
  const served = new Served().meet(alice);

  it('say who and what we are', async () => {
    expect((await served.call('getIdentity')).result).toEqual({
      identity: served.test.identity.address,
    });
    expect((await served.call('getVersion', [])).result).toEqual({
      'feature-set': 0,
      'solana-core': '0.1.0',
    });
    expect((await served.call('getHealth')).result).toBe('ok');
  });

  it('are unwell as long as nobody is heard', async () => {
    const { error } = await new Served().look().call('getHealth');
    expect(error).toEqual({
      code: -32005,
      message: 'Node is unhealthy',
      data: { numSlotsBehind: null, reasons: ['no node has been heard of yet'] },
    });
  });

  it('take no params', async () => {
    const { error } = await served.call('getVersion', [1]);
    expect(error?.code).toBe(-32602);
  });

  it('know the genesis of public clusters alone', async () => {
    expect((await served.call('getGenesisHash')).error?.code).toBe(-32601);
    const known = new Served({ entrypoints: ['entrypoint.testnet.solana.com:8001'] });
    const { result } = await known.call('getGenesisHash');
    expect(result).toBe('4uhcVJyU9pJkvQyUS88uRDiswHXSCkY3zQawwpjk2NsY');
    expect(fromBase58(String(result))).toBeDefined();
  });

  it('do not know what is no method', async () => {
    for (const method of ['getBalance', 'constructor', '__proto__', '']) {
      expect((await served.call(method)).error, method).toEqual({
        code: -32601,
        message: 'Method not found',
      });
    }
  });
});
