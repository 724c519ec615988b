/** What the documents ask Prometheus for is there, and its own programs accept them. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/util/clock.ts';
import { alice, bob, Served } from '../unit/api/served.ts';

const file = (name: string): string =>
  fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

/** Everything that is measured, stakes and their source included. */
async function families(served: Served): Promise<Set<string>> {
  await served.get('/metrics'); // answers are counted once there has been one
  const text = await (await served.get('/metrics')).text();
  return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!));
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

describe('documents for Prometheus', () => {
  for (const name of ['prometheus/alerts.yml', 'grafana/earshot.json']) {
    it(`${name} asks for what there is`, async () => {
      const served = new Served().meet(alice, bob).stake([alice, 1e9]);
      const known = await families(served);
      // These come with a source of stakes, with samples of what others know, and with a store.
      known.add('earshot_stake_loads_total').add('earshot_stake_failures_total');
      known.add('earshot_coverage_nodes').add('earshot_store_alarm');
      const asked = readFileSync(file(name), 'utf8').match(/\b(earshot|process)_[a-z0-9_]+/g);
      expect(asked?.length).toBeGreaterThan(10);
      expect([...new Set(asked)].filter((one) => !known.has(one))).toEqual([]);
    });
  }

  it('the alerts are rules', (ctx) => {
    const done = spawnSync('promtool', ['check', 'rules', file('prometheus/alerts.yml')], {
      encoding: 'utf8',
    });
    if (done.error) return ctx.skip('promtool is not installed');
    expect([done.status, done.stderr]).toEqual([0, '']);
    expect(done.stdout).toContain('15 rules found');
  });

  it('the dashboard has panels that lie beside each other', () => {
    interface Panel {
      gridPos: { x: number; y: number; w: number; h: number };
      targets: { expr: string }[];
      id: number;
    }
    const { panels } = JSON.parse(readFileSync(file('grafana/earshot.json'), 'utf8')) as {
      panels: Panel[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { gridPos: a, id } of panels) {
      expect(a.x + a.w, `${id}`).toBeLessThanOrEqual(24);
      const over = panels.filter(
        ({ gridPos: b, id: other }) =>
          other !== id && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
      );
      expect(over, `${id}`).toEqual([]);
    }
  });
});

describe('a real Prometheus', () => {
  it('scrapes it', async (ctx) => {
    if (spawnSync('prometheus', ['--version']).error)
      return ctx.skip('prometheus is not installed');
    const served = await new Served({ clock: SystemClock }).meet(alice, bob).open();
    const folder = mkdtempSync(join(tmpdir(), 'earshot-prometheus-'));
    const target = new URL(served.url).host;
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `global:\n  scrape_interval: 250ms\n  scrape_timeout: 250ms\nscrape_configs:\n  - job_name: earshot\n    static_configs:\n      - targets: ["${target}"]\n`,
    );
    const port = await freePort();
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ];
    const prometheus = spawn('prometheus', args, { stdio: 'ignore' });
    try {
      const ask = async (query: string): Promise<string | undefined> => {
        const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
        const response = await fetch(url).catch(() => undefined);
        if (!response?.ok) return undefined;
        type Found = { data: { result: { value: [number, string] }[] } };
        return ((await response.json()) as Found).data.result[0]?.value[1];
      };
      let nodes: string | undefined;
      for (let i = 0; i < 200 && nodes === undefined; i++) {
        await pause(50);
        nodes = await ask('earshot_nodes');
      }
      expect(nodes).toBe('2');
      expect(await ask('up{job="earshot"}')).toBe('1');
      expect(await ask('count({job="earshot"})').then(Number)).toBeGreaterThan(150);
    } finally {
      prometheus.kill('SIGKILL');
      await once(prometheus, 'exit');
      await served.api.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
