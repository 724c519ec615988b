import { describe, expect, it } from 'vitest';
import { findingLine, type Status } from '../../../src/cli/doctor/finding.ts';
import { checkFiles, checkNode, judgeBuffer, judgeDrops } from '../../../src/cli/doctor/machine.ts';
import {
  Arrivals,
  judgeClock,
  judgeCluster,
  judgeJoin,
  judgeSeen,
} from '../../../src/cli/doctor/mesh.ts';
import { checkAddress, checkShredVersion, type Echo } from '../../../src/cli/doctor/reach.ts';
import { SystemClock } from '../../../src/util/clock.ts';
import { parseIp } from '../../../src/util/ipv4.ts';
import { Peer } from '../node/peer.ts';

const MIB = 2 ** 20;

const echo = (shredVersion: number | undefined, ip = '203.0.113.9', from = '127.0.0.1'): Echo => ({
  entrypoint: { name: from, ip: parseIp(from), port: 8001 },
  answer: { ip: parseIp(ip), shredVersion },
  tookMs: 1,
});

const limits = (files: string): string =>
  `Limit  Soft  Hard  Units\nMax open files  ${files}  9  files\n`;
const ages = (first: number): number[] => Array.from({ length: 100 }, (_, i) => first + 10 * i);
const nobody = { pushers: new Set<string>(), askers: new Set<string>() };

const cases: { name: string; finding: ReturnType<typeof checkNode>; is: Status; says: RegExp }[] = [
  { name: 'a new Node', finding: checkNode('26.1.0'), is: 'ok', says: /26\.1\.0/ },
  { name: 'the oldest Node', finding: checkNode('20.20.2'), is: 'ok', says: /20/ },
  {
    name: 'a Node that is too old',
    finding: checkNode('20.19.9'),
    is: 'fail',
    says: /too old.*nvm/,
  },
  { name: 'a very old Node', finding: checkNode('18.99.9'), is: 'fail', says: /too old/ },
  {
    name: 'a full buffer',
    finding: judgeBuffer(16 * MIB, '8388608\n'),
    is: 'ok',
    says: /8 MiB of 8 MiB/,
  },
  {
    name: 'the buffer of a fresh system',
    finding: judgeBuffer(425_984, '212992\n'),
    is: 'warn',
    says: /208 KiB of 8 MiB, net\.core\.rmem_max is 212992.*sysctl -w net\.core\.rmem_max=8388608/,
  },
  {
    name: 'a buffer where nothing is doubled',
    finding: judgeBuffer(8 * MIB, undefined),
    is: 'ok',
    says: /8 MiB/,
  },
  { name: 'many files', finding: checkFiles(limits('1024')), is: 'ok', says: /1024/ },
  { name: 'files without limit', finding: checkFiles(limits('unlimited')), is: 'ok', says: /unl/ },
  { name: 'few files', finding: checkFiles(limits('256')), is: 'warn', says: /ulimit -n 4096/ },
  { name: 'too few files', finding: checkFiles(limits('64')), is: 'fail', says: /only up to 64/ },
  { name: 'a burst that fits', finding: judgeDrops(2_000, 2_000), is: 'ok', says: /none of 2000/ },
  {
    name: 'a burst that does not',
    finding: judgeDrops(2_000, 170),
    is: 'warn',
    says: /1830 of 2000 .* \(92 %\)/,
  },
  {
    name: 'one shred version',
    finding: checkShredVersion([echo(7), echo(7), echo(undefined)], 0),
    is: 'ok',
    says: /7, told by 2 entrypoints alike/,
  },
  {
    name: 'two shred versions',
    finding: checkShredVersion([echo(7), echo(8)], 0),
    is: 'fail',
    says: /disagree: 7, 8/,
  },
  {
    name: 'another shred version than was given',
    finding: checkShredVersion([echo(7)], 9),
    is: 'fail',
    says: /on 7, not 9/,
  },
  {
    name: 'no shred version',
    finding: checkShredVersion([], 0),
    is: 'fail',
    says: /nobody|no entry/,
  },
  { name: 'a given shred version', finding: checkShredVersion([], 9), is: 'ok', says: /as given/ },
  {
    name: 'nobody heard',
    finding: judgeJoin({ proved: 0, unproved: 0, values: 0 }, 9_000),
    is: 'fail',
    says: /nobody told of a node within 9\.0 s/,
  },
  {
    name: 'nobody answers',
    finding: judgeJoin({ proved: 0, unproved: 9, values: 0 }, 9_000),
    is: 'fail',
    says: /9 nodes .* 0 of them answered/,
  },
  {
    name: 'a cluster',
    finding: judgeJoin({ proved: 8, unproved: 1, values: 99 }, 900),
    is: 'ok',
    says: /9 nodes after 0\.9 s, 8 of them/,
  },
  {
    name: 'our cluster',
    finding: judgeCluster({ VALUE_INSERTED: 9 }, 7, 3),
    is: 'ok',
    says: /0 of 9/,
  },
  {
    name: 'another cluster',
    finding: judgeCluster({ VALUE_INSERTED: 1, VALUE_SHRED_VERSION: 9 }, 7, 0),
    is: 'fail',
    says: /not on shred version 7/,
  },
  {
    name: 'another cluster that still pushes to whoever had our port',
    finding: judgeCluster({ VALUE_INSERTED: 1, VALUE_SHRED_VERSION: 9 }, 7, 3),
    is: 'warn',
    says: /9 of 10 values .* 3 nodes of shred version 7 answer.*--gossip-port/,
  },
  {
    name: 'unseen',
    finding: judgeSeen(nobody, '1.2.3.4:5', 9e3),
    is: 'warn',
    says: /1\.2\.3\.4:5/,
  },
  {
    name: 'seen',
    finding: judgeSeen({ pushers: new Set(['a', 'b']), askers: new Set(['b']) }, 'x', 9e3),
    is: 'ok',
    says: /2 nodes have our contact info: 2 push to us, 1 ask us/,
  },
  { name: 'a good clock', finding: judgeClock(ages(20)), is: 'ok', says: /70 ms old at best/ },
  { name: 'a clock a little behind', finding: judgeClock(ages(-300)), is: 'ok', says: /agrees/ },
  { name: 'a poor clock', finding: judgeClock(ages(5_000)), is: 'warn', says: /5\.\d s ahead of/ },
  {
    name: 'a bad clock',
    finding: judgeClock(ages(-60_000)),
    is: 'fail',
    says: /60\.0 s behind|59\.9/,
  },
  { name: 'silence about the clock', finding: judgeClock([1, 2]), is: 'skip', says: /2 values/ },
];

describe('the doctor', () => {
  for (const { name, finding, is, says } of cases) {
    it(`${name}: ${is}`, () => {
      const line = findingLine(finding);
      expect(line).toMatch(new RegExp(`^${is} +${finding.check} `));
      expect(line).toMatch(says);
      expect(finding.mend !== null).toBe(is === 'warn' || is === 'fail');
      expect(line).not.toMatch(/\.\. |undefined|NaN/);
    });
  }

  it('knows an address of this machine from a private one of others', async () => {
    expect(await checkAddress([echo(7, '127.0.0.1')])).toMatchObject({ status: 'ok' });
    expect(await checkAddress([echo(7, '10.0.0.7', '203.0.113.1')])).toMatchObject({
      status: 'warn',
    });
    const nat = await checkAddress([echo(7, '203.0.113.9')]);
    expect(nat.found).toMatch(
      /others see 203\.0\.113\.9, this machine has 127\.0\.0\.1: there is NAT/,
    );
    expect(await checkAddress([])).toMatchObject({ status: 'skip' });
  });

  it('learns from datagrams who knows us, and how old is what others sign', () => {
    const arrivals = new Arrivals();
    const [alice, bob] = [new Peer(1), new Peer(2)];
    const now = SystemClock.wallMs();
    const hear = (from: Peer, bytes: Uint8Array): void =>
      arrivals.take(bytes, 0, bytes.length, from.ip, from.port);
    hear(alice, alice.push(bob.contact({ wallclock: now - 500 })));
    hear(bob, bob.pullRequest());
    hear(bob, bob.response(alice.contact({ wallclock: now - 7_000 })));
    hear(bob, new Uint8Array(9));
    expect([arrivals.pushers.size, arrivals.askers.size]).toEqual([1, 1]);
    expect(arrivals.pushedMs[0]).toBeGreaterThanOrEqual(500);
    expect(arrivals.pushedMs[0]).toBeLessThan(5_000);
    expect(arrivals.pulledMs.length).toBe(1);
    expect(arrivals.ages).toBe(arrivals.pulledMs);
  });
});
