/** What following the changes of nodes costs, and whether any is lost: `npm run bench:changes`. */
import { loadavg } from 'node:os';
import { createHistogram } from 'node:perf_hooks';
import { Command } from 'commander';
import { ObserverClient } from '../src/api/client.ts';
import { wholeNumber } from '../src/cli/options.ts';
import { CrdsTable, Route } from '../src/crds/table.ts';
import { loadXxhash, sha256 } from '../src/crypto/hash.ts';
import { SILENT_LOGGER } from '../src/node/ports.ts';
import { DEFAULT_CAPACITIES } from '../src/shm/layout.ts';
import { createRegions } from '../src/shm/regions.ts';
import { toBase58 } from '../src/util/base58.ts';
import { writeU64 } from '../src/util/bytes.ts';
import { SystemClock } from '../src/util/clock.ts';
import { seededRng } from '../src/util/rng.ts';
import { writeContactInfo } from '../src/wire/contact-info-encode.ts';
import { signValue } from '../src/wire/encode.ts';
import { Kind } from '../src/wire/limits.ts';
import { SEED, surroundings } from './harness.ts';

interface Flags {
  readonly nodes: number;
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly disconnects: number;
}

/** How often main works, as it does on a busy network. */
const TURN_MS = 5;

const ORIGIN_AT = 68;
const VOTE_ORIGIN_AT = 69;
const VOTE_PROGRAM = 'Vote111111111111111111111111111111111111111';

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** A main thread whose table has nodes that vote: real values, but for their signatures. */
class VotingMain {
  readonly regions = createRegions(DEFAULT_CAPACITIES, true);
  votes = 0;
  readonly #table: CrdsTable;
  readonly #keys: Uint8Array[] = [];
  readonly #vote: Uint8Array;
  readonly #slotAt: number;

  constructor(xxhash: ConstructorParameters<typeof CrdsTable>[1]['xxhash'], nodes: number) {
    this.#table = new CrdsTable(this.regions, { xxhash, hashSeed: 1 });
    const rng = seededRng(SEED);
    for (let i = 0; i < nodes; i++) {
      const key = new Uint8Array(32);
      rng.fill(key);
      this.#keys.push(key);
      this.#join(key, i);
    }
    this.#table.journal.publish();
    this.#vote = makeVote(toBase58(this.#keys[0]!), 1);
    const other = makeVote(toBase58(this.#keys[0]!), 2);
    this.#slotAt = this.#vote.findIndex((byte, i) => byte !== other[i]);
  }

  /** So many votes, each of the next node for a slot of its own. */
  cast(count: number): void {
    const [vote, slotAt] = [this.#vote, this.#slotAt];
    for (let i = 0; i < count; i++) {
      const key = this.#keys[this.votes % this.#keys.length]!;
      this.votes += 1;
      vote.set(key, VOTE_ORIGIN_AT);
      writeU64(vote, slotAt, this.votes);
      const { length } = vote;
      const nowMs = SystemClock.wallMs();
      this.#table.upsert(
        ...([vote, 0, length, Kind.VOTE, 0, VOTE_ORIGIN_AT, this.votes, 0, 0] as const),
        ...([sha256(vote), 0, nowMs, Route.PUSH, key, 0] as const),
      );
    }
    this.#table.journal.publish();
  }

  /** Casts votes at a rate until `done`. */
  async run(rate: number, done: () => boolean): Promise<void> {
    const startedMs = SystemClock.monoMs();
    const before = this.votes;
    while (!done()) {
      const due = Math.round(((SystemClock.monoMs() - startedMs) / 1000) * rate);
      this.cast(Math.min(due - (this.votes - before), 5_000));
      await pause(TURN_MS);
    }
  }

  #join(key: Uint8Array, i: number): void {
    const bytes = new Uint8Array(512);
    const end = writeContactInfo(bytes, 64, {
      ...{ pubkey: key, wallclock: 1, outset: 1, shredVersion: 1 },
      version: { major: 4, minor: 0, channel: 0, patch: 1, commit: 1, featureSet: 1, client: 3 },
      sockets: [{ key: 0, ip: 0x0b000000 + i, port: 8001 }],
    });
    const value = bytes.slice(0, end);
    this.#table.upsert(
      ...([value, 0, end, Kind.CONTACT_INFO, 0, ORIGIN_AT, 1, 1, 0] as const),
      ...([sha256(value), 0, SystemClock.wallMs(), Route.PULL, key, 0] as const),
    );
  }
}

function makeVote(from: string, slot: number): Uint8Array {
  const data = Buffer.alloc(4 + 8 + 8 + 32 + 1);
  data.writeUInt32LE(2, 0);
  data.writeBigUInt64LE(1n, 4);
  data.writeBigUInt64LE(BigInt(slot), 12);
  return signValue(() => new Uint8Array(64), {
    ...{ kind: 'Vote', index: 0, from, wallclock: 1 },
    transaction: {
      signatures: [toBase58(new Uint8Array(64))],
      header: { requiredSignatures: 1, readonlySigned: 0, readonlyUnsigned: 1 },
      ...{ keys: [VOTE_PROGRAM, VOTE_PROGRAM, VOTE_PROGRAM], recentBlockhash: VOTE_PROGRAM },
      instructions: [{ program: 2, accounts: [1], data: data.toString('hex') }],
    },
  });
}

function observe(main: VotingMain): ObserverClient {
  const commands = { nodeFacts: () => Promise.reject(new Error('nobody asks')) as never };
  const { regions } = main;
  return new ObserverClient({ regions, commands, clock: SystemClock, logger: SILENT_LOGGER });
}

/** Processor time and delay at a rate: without anybody, with the observer, with a listener, too. */
async function measureRate(main: VotingMain, rate: number, seconds: number): Promise<void> {
  const usage: number[] = [];
  const lag = createHistogram();
  let told = 0;
  for (const who of ['nobody', 'observer', 'listener'] as const) {
    const client = observe(main);
    if (who !== 'nobody') await client.start();
    const listening = (async () => {
      if (who !== 'listener') return;
      for await (const changes of client.changes({})) {
        told += changes.length;
        for (const { at } of changes) lag.record(Math.max(1, SystemClock.wallMs() - at));
      }
    })();
    await pause(200);
    const before = process.cpuUsage();
    const startedMs = SystemClock.monoMs();
    await main.run(rate, () => SystemClock.monoMs() - startedMs > seconds * 1000);
    const { user, system } = process.cpuUsage(before);
    usage.push((user + system) / 1e4 / seconds);
    await client.stop();
    await listening;
  }
  const [none = 0, observer = 0, listener = 0] = usage;
  const percent = (share: number): string => `${share.toFixed(1)} %`;
  console.log(
    `${rate}/s: observer ${percent(observer - none)} of a core, listener ${percent(listener - observer)} more; ${Math.round(told / seconds)} changes/s told, after ${lag.percentile(50)} ms, 99 of 100 within ${lag.percentile(99)} ms`,
  );
}

/** Breaks off and goes on again and again while nodes vote. */
async function disconnect(main: VotingMain, rate: number, times: number): Promise<void> {
  const client = observe(main);
  await client.start();
  const rng = seededRng(SEED);
  let seq: number | undefined;
  const counts = { told: 0, doubled: 0, lost: 0, gaps: 0 };
  let isDone = false;
  const voting = main.run(rate, () => isDone);
  for (let i = 0; i < times; i++) {
    let left = rng.below(200);
    for await (const changes of client.changes({ since: seq })) {
      for (const change of changes) {
        if (change.kind === 'gap') counts.gaps += 1;
        else counts.told += 1;
        const missing: number = seq === undefined ? 0 : change.seq - seq - 1;
        if (missing < 0) counts.doubled += 1;
        else if (change.kind !== 'gap') counts.lost += missing;
        seq = change.seq;
        if (--left <= 0) break;
      }
      if (left <= 0) break;
    }
    if (i % 10 === 0) await pause(rng.below(100));
  }
  isDone = true;
  await voting;
  await client.stop();
  console.log(
    `${times} disconnects at ${rate}/s: ${counts.told} changes told, ${counts.lost} lost, ${counts.doubled} doubled, ${counts.gaps} gaps`,
  );
}

async function run({ nodes, rates, seconds, disconnects }: Flags): Promise<void> {
  const where = surroundings('full');
  console.log(
    `${where.cpu}, ${where.cores} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${where.node}, commit ${where.commit}, ${nodes} nodes`,
  );
  const main = new VotingMain(await loadXxhash(), nodes);
  for (const rate of rates) await measureRate(main, rate, seconds);
  if (disconnects > 0) await disconnect(main, rates[0] ?? 1_000, disconnects);
}

const listOf = (text: string): number[] => text.split(',').map(Number);

await new Command('bench:changes')
  .option('--nodes <NUM>', 'nodes that vote in turn', wholeNumber(1, 16_000), 4_000)
  .option('--rates <LIST>', 'votes a second, one run of each', listOf, [2_000, 10_000, 40_000])
  .option('--seconds <NUM>', 'how long each of three parts of a run takes', wholeNumber(1, 600), 5)
  .option('--disconnects <NUM>', 'how often a listener breaks off', wholeNumber(0, 1e6), 1_000)
  .action(run)
  .parseAsync();
