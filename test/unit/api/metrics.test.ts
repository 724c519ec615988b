import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { labelName, MAX_SERIES, MetricsText, topSamples } from '../../../src/api/metrics-text.ts';
import { addStore } from '../../../src/api/metrics-traffic.ts';
import { collectTraffic } from '../../../src/api/traffic.ts';
import { outcomeCounts } from '../../../src/shm/counters.ts';
import { alice, bob, carol, Served } from './served.ts';

/** Runs a program of Prometheus's; undefined where it is not installed. */
function promtool(args: readonly string[], input: string) {
  const done = spawnSync('promtool', [...args], { input, encoding: 'utf8' });
  return (done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' ? undefined : done;
}

/** Adds the series of a family up that have certain labels. */
const sumsOf =
  (text: string) =>
  (family: string, labels: Readonly<Record<string, string>>): number =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${family}{`))
      .filter((line) => Object.entries(labels).every(([k, v]) => line.includes(`${k}="${v}"`)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);

describe('/metrics', () => {
  const served = new Served().meet(alice, bob).vote(alice, 100).stake([alice, 7e9]);
  served.test.from(carol, carol.push(carol.contact()));
  served.test.from(carol, new Uint8Array(3));

  it('is what promtool accepts without a word', async (ctx) => {
    const text = await (await served.get('/metrics')).text();
    const done = promtool(['check', 'metrics'], text);
    if (!done) return ctx.skip('promtool is not installed');
    expect([done.status, done.stdout, done.stderr]).toEqual([0, '', '']);
  });

  it('has every counter, with its number', async () => {
    const text = await (await served.get('/metrics')).text();
    for (const [name, count] of Object.entries(outcomeCounts(served.test.parts.regions.counters))) {
      const outcome = labelName(name);
      const family =
        name.startsWith('VALUE_') && !name.endsWith('SIGNATURE') ? 'values' : 'packets';
      const line = new RegExp(
        `^earshot_${family}_total\\{outcome="${outcome}",.*\\} ${count}$`,
        'm',
      );
      expect(text, name).toMatch(line);
    }
    const lines = [
      'earshot_nodes 2',
      'earshot_nodes_unproved 1',
      'earshot_nodes_by_client{client="Agave"} 2',
      'earshot_nodes_by_version{version="4.4.0"} 2',
      'earshot_nodes_by_version{version="other"} 0',
      'earshot_stake_sol 7',
      'earshot_stake_by_version_sol{version="4.4.0"} 7',
      'earshot_table_values{kind="vote"} 1',
      'earshot_kernel_dropped_total 0',
      'earshot_ready 1',
    ];
    for (const line of lines) expect(text.split('\n')).toContain(line);
  });

  it('has every counter of traffic, with its number', async () => {
    const { received } = collectTraffic(served.test.parts.regions, 0);
    expect(received.push.packets).toBeGreaterThan(0);
    const sums = sumsOf(await (await served.get('/metrics')).text());
    expect(sums('earshot_peer_datagrams_total', { direction: 'in', sort: 'push' })).toBe(
      received.push.packets,
    );
    expect(sums('earshot_peer_bytes_total', { direction: 'in' })).toBe(
      Object.values(received).reduce((sum, { bytes }) => sum + bytes, 0),
    );
    expect(sums('earshot_kind_values_total', { kind: 'vote', way: 'pushed' })).toBe(1);
    expect(sums('earshot_kind_received_total', { kind: 'vote', fate: 'fresh' })).toBe(1);
    expect(sums('earshot_overflows_total', { item: 'receive_ring' })).toBe(0);
    expect(sums('earshot_overflows_total', { item: 'changes_kept' })).toBe(0);
  });

  it('counts answers by route', async () => {
    await served.get('/v1/nodes/abc');
    await served.get(`/v1/nodes/${alice.address}`);
    await served.get('/nowhere');
    const text = await (await served.get('/metrics')).text();
    expect(text).toContain('earshot_http_requests_total{route="/v1/nodes/:pubkey",status="400"} 1');
    expect(text).toContain('earshot_http_requests_total{route="/v1/nodes/:pubkey",status="200"} 1');
    expect(text).toContain('earshot_http_requests_total{route="none",status="404"} 1');
  });
});

describe('the store', () => {
  it('is counted, and an alarm is one that promtool understands', (ctx) => {
    const text = new MetricsText();
    const store = { saved: 7, failed: 2, savedMs: 1_500, bytes: 900, loaded: null, refused: 1 };
    addStore(text, { ...store, alarm: 'FAILED: ENOSPC', totals: {} });
    const lines = text.end().split('\n');
    expect(lines).toContain('earshot_store_saved_total 7');
    expect(lines).toContain('earshot_store_failed_total 2');
    expect(lines).toContain('earshot_store_alarm 1');
    expect(lines).toContain('earshot_store_saved_timestamp_seconds 1.5');
    const done = promtool(['check', 'metrics'], text.end());
    if (!done) return ctx.skip('promtool is not installed');
    expect([done.status, done.stdout, done.stderr]).toEqual([0, '', '']);
  });
});

describe('the text', () => {
  it('escapes what would break it', () => {
    const text = new MetricsText();
    text.gauge('a', 'b\\c\nd', [[{ e: 'f"g\\h\ni' }, Number.NaN]]);
    expect(text.end()).toBe('# HELP a b\\\\c\\nd\n# TYPE a gauge\na{e="f\\"g\\\\h\\ni"} NaN\n');
  });

  it('ends at 2,000 series, and says so', () => {
    const text = new MetricsText();
    const many = Array.from({ length: MAX_SERIES + 7 }, (_, i) => [{ i: `${i}` }, i] as const);
    text.gauge('many', 'Many.', many);
    expect(text.refused).toBe(7);
    expect(text.end().match(/^many\{/gm)?.length).toBe(MAX_SERIES);
  });

  it('names the largest and adds up the rest', () => {
    const counts = new Map(Array.from({ length: 50 }, (_, i) => [`v${i}`, i] as const));
    expect(topSamples('version', counts, 2)).toEqual([
      [{ version: 'v49' }, 49],
      [{ version: 'v48' }, 48],
      [{ version: 'other' }, (47 * 48) / 2],
    ]);
  });
});
