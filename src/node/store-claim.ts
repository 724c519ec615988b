/**
 * Whose a folder of the store is: two spies that wrote into one would displace each other's generations. The
 * claim is a file that names a process and when it started, so that what a dead one left behind is known to be
 * stale, also when its number belongs to another by now.
 */
import { link, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SpyError } from '../util/assert.ts';
import type { Clock } from '../util/clock.ts';

/** Beside the generations. */
export const CLAIM_NAME = 'claim.json';

/** A claim of a machine or container that we cannot look into: renewed within this, or stale. */
export const FOREIGN_MS = 10_000;
const RENEW_MS = 3_000;
const LOOK_MS = 500;

/** Times that somebody else may be quicker, and how long he gets each time. */
const TRIES = 40;
const TURN_MS = 50;

/** Whoever takes a stale claim away is done in this time, or died while he did. */
const TAKING_MS = 2_000;

/** Field of /proc/PID/stat with the start of a process, counted behind its name. @source proc(5) */
const START_FIELD = 19;

/** So that two of one process have different names. */
let draftCount = 0;

/** A process that holds a claim. */
export interface Claimant {
  readonly pid: number;
  /** When it started, as its system counts; null where that cannot be told. */
  readonly start: string | null;
  /** The system that its number is of: which boot, and which space of process numbers. */
  readonly where: string;
  /** ms since the Unix epoch. */
  readonly sinceMs: number;
}

/** A folder that is ours until it is released. */
export interface StoreClaim {
  release(): Promise<void>;
}

/**
 * Claims the folder of a store.
 *
 * @returns undefined where no file can be made: whoever keeps the store will say what is wrong
 * @throws SpyError STORE_IN_USE
 */
export async function claimStore(folder: string, clock: Clock): Promise<StoreClaim | undefined> {
  const path = join(folder, CLAIM_NAME);
  const { pid } = process;
  const [where, start] = await Promise.all([systemOf(), startOf(pid)]);
  const own = JSON.stringify({ pid, start, where, sinceMs: Math.round(clock.wallMs()) });
  // Linked into its place it is there as a whole or not at all.
  const draft = `${path}.${pid}-${++draftCount}`;
  try {
    await writeFile(draft, own, { flag: 'wx', mode: 0o600 });
  } catch {
    return undefined;
  }
  try {
    for (let left = TRIES; left > 0; left--) {
      if (await linked(draft, path)) return claimAt(path, own, clock);
      const found = await readFile(path, 'utf8').catch(() => undefined);
      if (found === undefined) continue; // released this moment
      if (await isAlive(found, path, where, clock)) throw inUse(folder, found, where, clock);
      await takeAway(path, draft, found, clock);
    }
    throw inUse(folder, '', where, clock);
  } finally {
    await rm(draft, { force: true });
  }
}

function claimAt(path: string, own: string, clock: Clock): StoreClaim {
  const cancel = clock.every(RENEW_MS, () => {
    const seconds = clock.wallMs() / 1000;
    void utimes(path, seconds, seconds).catch(() => {}); // the folder may be gone for a while
  });
  return {
    async release() {
      cancel();
      const found = await readFile(path, 'utf8').catch(() => undefined);
      if (found === own) await rm(path, { force: true }).catch(() => {});
    },
  };
}

/** @returns whether it has its place; false when another is there */
async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // A file system without links: the draft itself, if nobody was quicker.
    return await writeFile(path, await readFile(draft), { flag: 'wx' }).then(
      () => true,
      () => false,
    );
  }
}

/**
 * Removes a stale claim. One at a time may, so that none is removed that has taken its place meanwhile;
 * others wait a moment.
 */
async function takeAway(path: string, draft: string, stale: string, clock: Clock): Promise<void> {
  const lock = `${path}.taking`;
  const seconds = clock.wallMs() / 1000;
  await utimes(draft, seconds, seconds); // the lock is the draft by another name: begun now
  if (!(await linked(draft, lock))) {
    const sinceMs = (await stat(lock).catch(() => undefined))?.mtimeMs ?? clock.wallMs();
    if (clock.wallMs() - sinceMs > TAKING_MS) await rm(lock, { force: true });
    else await new Promise<void>((resolve) => clock.after(TURN_MS, resolve));
    return;
  }
  try {
    const found = await readFile(path, 'utf8').catch(() => undefined);
    if (found === stale) await rm(path, { force: true });
  } finally {
    await rm(lock, { force: true });
  }
}

async function isAlive(text: string, path: string, where: string, clock: Clock): Promise<boolean> {
  const claimant = parse(text);
  if (claimant?.where !== where) return await isRenewed(path, clock);
  if (claimant.start !== null) return (await startOf(claimant.pid)) === claimant.start;
  try {
    process.kill(claimant.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a claim that we cannot look behind is renewed while we wait. */
async function isRenewed(path: string, clock: Clock): Promise<boolean> {
  const timeOf = async (): Promise<number> =>
    (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  const before = await timeOf();
  for (let waitedMs = 0; waitedMs < FOREIGN_MS; waitedMs += LOOK_MS) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
    const now = await timeOf();
    if (now !== before) return now !== 0;
  }
  return false;
}

function parse(text: string): Claimant | undefined {
  try {
    const found = JSON.parse(text) as Partial<Claimant> | null;
    return typeof found?.pid === 'number' && found.pid > 0 && typeof found.where === 'string'
      ? { start: null, sinceMs: 0, ...found, pid: found.pid, where: found.where }
      : undefined;
  } catch {
    return undefined; // not written by us, or broken
  }
}

/** When a process started; null where that cannot be told or there is none. */
async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? null;
}

/** Which boot of which machine, and which space of process numbers. */
async function systemOf(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => hostname());
  const space = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${boot.trim()} ${space}`;
}

function inUse(folder: string, text: string, where: string, clock: Clock): SpyError {
  const claimant = parse(text);
  const minutes = claimant ? Math.floor((clock.wallMs() - claimant.sinceMs) / 60_000) : 0;
  const who = claimant
    ? `process ${claimant.pid}${claimant.where === where ? '' : ' of another machine or container'}, for ${minutes} min`
    : 'another spy';
  return new SpyError(
    'STORE_IN_USE',
    `${folder} is the store of a spy that runs already (${who}). End that one, or give --store a folder of its own.`,
  );
}
