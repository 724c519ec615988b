/** The store under real accidents: killed processes, full and read-only disks. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openStoreFolder, Store } from '../../src/node/store.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { seededRng } from '../../src/util/rng.ts';
import { Command, freePort, Leftovers } from '../cli/command.ts';
import { many } from '../nightly.ts';
import { generation, isGeneration } from '../sim/stored.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

const SAVING = fileURLToPath(new URL('./saving-store.mjs', import.meta.url));
const RECORDS = 2_000;
const KILLS = many(20, 200);

const after = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** A process that saves; `heard` is the last line of each sort that it has said. */
class Saver {
  readonly child: ChildProcess;
  readonly heard = new Map<string, string>();
  #text = '';

  constructor(path: string, records = RECORDS) {
    this.child = spawn(process.execPath, [SAVING, path, `${records}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#text + text).split('\n');
      this.#text = lines.pop() ?? '';
      for (const line of lines) this.heard.set(line.split(' ')[0]!, line.split(' ')[1]!);
    });
  }

  /** Waits for a word; at most 20 s. */
  async says(word: string, value?: string): Promise<void> {
    for (let left = 4_000; left > 0; left--) {
      const said = this.heard.get(word);
      if (said !== undefined && (value === undefined || said === value)) return;
      await after(5);
    }
    expect.fail(`never said ${word}`);
  }

  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.child.on('close', resolve));
    this.child.kill('SIGKILL');
    await closed;
  }
}

/** A small disk of its own. @returns why there is none */
function mount(path: string, size: string): string | undefined {
  mkdirSync(path, { recursive: true });
  const { status, stderr } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${size}`,
    'none',
    path,
  ]);
  if (status !== 0)
    return `no disk can be mounted here: ${stderr?.toString().trim() ?? 'no mount'}`;
  leftovers.add(path, () => spawnSync('umount', [path]));
  return undefined;
}

/** What is in a folder; both generations must be readable where there are two. */
async function inspect(path: string): Promise<number> {
  const { content, warnings } = await new Store(await openStoreFolder(path)).load();
  expect(warnings).toEqual([]);
  if (content) expect(isGeneration(content, content.sequence, RECORDS)).toBe(true);
  return content?.sequence ?? 0;
}

/** Kills a saver again and again. @returns how often what was there was whole */
async function killAgainAndAgain(path: string, kills: number, seed: number): Promise<number> {
  const rng = seededRng(seed);
  let last = 0;
  let whole = 0;
  for (let kill = 0; kill < kills; kill++) {
    const saver = new Saver(path);
    await saver.says('saved');
    await after(30 * rng.unit());
    await saver.kill();
    const acknowledged = Number(saver.heard.get('saved'));
    const there = await inspect(path);
    // The last one may have been durable before the process could say so.
    expect(there - acknowledged).toBeGreaterThanOrEqual(0);
    expect(there - acknowledged).toBeLessThanOrEqual(1);
    expect(acknowledged).toBeGreaterThan(last);
    last = there;
    whole++;
  }
  expect(readdirSync(path).filter((name) => name.includes('.bad-'))).toEqual([]);
  return whole;
}

describe('a store whose process is killed', () => {
  it(`has what was acknowledged, ${KILLS} times out of ${KILLS}`, async () => {
    const folders = [1, 2, 3, 4].map((i) => leftovers.path(`killed-${i}`));
    const kills = KILLS / folders.length;
    const whole = await Promise.all(folders.map((path, i) => killAgainAndAgain(path, kills, i)));
    expect(whole.reduce((sum, n) => sum + n)).toBe(KILLS);
  }, 120_000);
});

describe('a store on a disk', () => {
  it('that is full keeps what it has, and goes on by itself when there is room', async ({
    skip,
  }) => {
    const path = leftovers.path('full');
    const why = mount(path, '1280k'); // a generation takes 550 kB, and the third has no room beside two
    if (why) return skip(why);
    const saver = new Saver(path);
    await saver.says('saved', '2');
    await saver.says('failed', 'ENOSPC');
    const names = readdirSync(path)
      .filter((name) => name.endsWith('.store'))
      .sort();
    expect(names).toEqual(['generation-0.store', 'generation-1.store']);
    expect(spawnSync('mount', ['-o', 'remount,size=8m', path]).status).toBe(0);
    const before = Number(saver.heard.get('saved'));
    while (Number(saver.heard.get('saved')) === before) await after(5);
    await saver.kill();
    expect(Number(saver.heard.get('saved'))).toBeGreaterThan(before);
    expect(await inspect(path)).toBeGreaterThan(before);
  }, 60_000);

  it('that is read-only is an alarm at once, and stops nothing', async ({ skip }) => {
    const path = leftovers.path('read-only');
    const why = mount(path, '1m');
    if (why) return skip(why);
    await new Store(await openStoreFolder(path)).save(generation(1, 5));
    expect(spawnSync('mount', ['-o', 'remount,ro', path]).status).toBe(0);
    const port = await freePort();
    const here = ['--bind-address', '127.0.0.1', '--gossip-port', `${port}`];
    const flags = ['--allow-private-addr', '--log-level', 'info', '--store', path];
    const spy = new Command(['spy', '--shred-version', '2', ...here, ...flags, '--json']);
    await spy.said(/"the store cannot be written: all else goes on/);
    expect(await spy.end('SIGTERM')).toBeLessThan(5_000);
    const { status, stdout, stderr } = await spy.result;
    expect([status, JSON.parse(stdout).nodes]).toEqual([0, []]);
    expect(stderr).toMatch(/"reason":"EROFS"/);
  }, 60_000);
});
