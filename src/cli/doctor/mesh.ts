/** Checks that take part in gossip for some seconds: whether others know us, and what time they think it is. */
import { createSpy, type Spy, type SpyOptions } from '../../index.ts';
import { SystemClock } from '../../util/clock.ts';
import { formatAddress } from '../../util/ipv4.ts';
import { Kind, Message } from '../../wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../../wire/skim.ts';
import { type Finding, fail, ok, skip, warn, words } from './finding.ts';

/** How often it is looked whether all is known. */
const LOOK_MS = 50;

/** Ages kept; the clock is judged by a quantile of them. */
const MOST_AGES = 4_096;
const ENOUGH_AGES = 16;

/** The youngest of what others sign is hardly older than its way here. */
const YOUNG = 0.05;

/** Off by more, validators refuse what we sign. @source behaviour 0.3, 19.1 */
const BAD_SKEW_MS = 15_000;
const POOR_SKEW_MS = 2_000;

/** Of messages that come in: who sent them, and how old what was pushed is. */
export class Arrivals {
  /** Addresses that push to us, or ask us: they have our contact info. */
  readonly pushers = new Set<string>();
  readonly askers = new Set<string>();
  /** Age of contact infos and votes by our clock when they came by push. @units ms */
  readonly pushedMs: number[] = [];
  readonly pulledMs: number[] = [];
  readonly #packet = new PacketFields();
  readonly #columns = createValueColumns(16);

  /** Looks at a datagram. @units ip: IPv4 as a number */
  take(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void {
    if (skim(bytes, at, at + length, this.#packet, this.#columns, 0) < 0) return;
    const { message, valueCount } = this.#packet;
    if (message === Message.PUSH) this.pushers.add(formatAddress(ip, port));
    if (message === Message.PULL_REQUEST) this.askers.add(formatAddress(ip, port));
    const ages = message === Message.PUSH ? this.pushedMs : this.pulledMs;
    if (message !== Message.PUSH && message !== Message.PULL_RESPONSE) return;
    const nowMs = SystemClock.wallMs();
    for (let row = 0; row < valueCount && ages.length < MOST_AGES; row++) {
      const kind = this.#columns.kind[row]!;
      if (kind !== Kind.CONTACT_INFO && kind !== Kind.VOTE) continue;
      ages.push(nowMs - this.#columns.wallclock[row]!);
    }
  }

  /** What is likeliest said of our clock: pushes come at once, answers to pulls only if there are no pushes. */
  get ages(): readonly number[] {
    return this.pushedMs.length >= ENOUGH_AGES ? this.pushedMs : this.pulledMs;
  }
}

/** Joins and listens until all is known or the time is over. */
export async function checkGossip(options: SpyOptions, limitMs: number): Promise<Finding[]> {
  const arrivals = new Arrivals();
  const tap = { received: arrivals.take.bind(arrivals), sent: () => {} };
  let spy: Spy;
  try {
    spy = await createSpy({ ...options, tap, workers: 0 });
  } catch (error) {
    const mend = 'see the checks above';
    return [fail('join', words(error), mend)];
  }
  try {
    const startedMs = SystemClock.monoMs();
    await new Promise<void>((resolve) => {
      const cancel = SystemClock.every(LOOK_MS, () => {
        const { proved } = spy.summary();
        const isKnown = arrivals.pushers.size > 0 && arrivals.pushedMs.length >= ENOUGH_AGES;
        if (!(isKnown && proved > 0) && SystemClock.monoMs() - startedMs < limitMs) return;
        cancel();
        resolve();
      });
    });
    const tookMs = SystemClock.monoMs() - startedMs;
    const summary = spy.summary();
    return [
      judgeJoin(summary, tookMs),
      judgeCluster(spy.stats().values.outcomes, spy.shredVersion, summary.proved),
      judgeSeen(arrivals, spy.gossip, tookMs),
      judgeClock(arrivals.ages),
    ];
  } finally {
    await spy.stop();
  }
}

/** Whether anybody was found. */
export function judgeJoin(
  { proved, unproved, values }: { proved: number; unproved: number; values: number },
  tookMs: number,
): Finding {
  const seconds = `${(tookMs / 1000).toFixed(1)} s`;
  const heard = proved + unproved;
  if (heard === 0) {
    const mend =
      'check shred version and entrypoints; a cluster that was just started may need a minute';
    return fail('join', `nobody told of a node within ${seconds}`, mend);
  }
  const found = `${heard} nodes after ${seconds}, ${proved} of them answered our ping; ${values} values`;
  if (proved > 0) return ok('join', found);
  return fail('join', found, 'let answers to our UDP datagrams in: no address answers');
}

/**
 * Whether others speak of the same cluster.
 *
 * Contact infos of another one may come although ours is the right one: its nodes go on pushing for a
 * while to whoever had our address and port before us.
 *
 * @param proved nodes of our shred version that answered our ping
 */
export function judgeCluster(
  outcomes: Readonly<Record<string, number>>,
  shredVersion: number,
  proved: number,
): Finding {
  const others = outcomes['VALUE_SHRED_VERSION'] ?? 0;
  const all = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  if (all === 0) return skip('same-cluster', 'nothing was heard');
  const found = `${others} of ${all} values were contact infos of another cluster`;
  if (others * 2 <= all) return ok('same-cluster', found);
  if (proved > 0) {
    return warn(
      'same-cluster',
      `${found}, though ${proved} nodes of shred version ${shredVersion} answer`,
      'somebody may have used this port before: wait a minute, or choose another --gossip-port',
    );
  }
  return fail(
    'same-cluster',
    `most of what is heard is not on shred version ${shredVersion}`,
    'choose entrypoints of the cluster that you mean',
  );
}

/** Whether our contact info has reached others. */
export function judgeSeen(
  { pushers, askers }: Pick<Arrivals, 'pushers' | 'askers'>,
  address: string,
  tookMs: number,
): Finding {
  const count = new Set([...pushers, ...askers]).size;
  if (count > 0) {
    const nodes = `${count} ${count === 1 ? 'node' : 'nodes'}`;
    return ok(
      'seen-by-others',
      `${nodes} have our contact info: ${pushers.size} push to us, ${askers.size} ask us`,
    );
  }
  return warn(
    'seen-by-others',
    `within ${(tookMs / 1000).toFixed(0)} s nobody came to us at ${address} by itself: all there is comes by asking`,
    'see udp-in and address; on mainnet give it --timeout 60, as few nodes push to one without stake',
  );
}

/** How far our clock is from what others sign. @units ages: ms by our clock */
export function judgeClock(ages: readonly number[]): Finding {
  if (ages.length < ENOUGH_AGES) {
    return skip('clock', `too little was heard to judge the clock: ${ages.length} values`);
  }
  const sorted = [...ages].sort((a, b) => a - b);
  const youngest = sorted[Math.floor(sorted.length * YOUNG)]!;
  const median = sorted[Math.floor(sorted.length / 2)]!;
  // Nothing comes before it was signed: below zero we are behind by at least that; above, ahead or far away.
  const skewMs = youngest;
  const seconds = (Math.abs(skewMs) / 1000).toFixed(1);
  const where = skewMs < 0 ? 'behind' : 'ahead of';
  const mend = 'let chrony or systemd-timesyncd set it: timedatectl set-ntp true';
  if (Math.abs(skewMs) > BAD_SKEW_MS) {
    return fail(
      'clock',
      `our clock is ${seconds} s ${where} that of others: they refuse what we sign`,
      mend,
    );
  }
  if (Math.abs(skewMs) > POOR_SKEW_MS) {
    return warn('clock', `our clock is some ${seconds} s ${where} that of others`, mend);
  }
  return ok(
    'clock',
    `agrees with others: what they sign is ${Math.round(youngest)} ms old at best, ${Math.round(median)} ms in the median, of ${ages.length} values`,
  );
}
