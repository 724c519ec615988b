/** How long a batch is on its way to a pool thread and back, by its size: `npm run bench:round-trip`. */
import { createHistogram } from 'node:perf_hooks';
import { Command } from 'commander';
import { wholeNumber } from '../src/cli/options.ts';
import { createIdentity } from '../src/crypto/identity.ts';
import { createVerifier } from '../src/crypto/verify.ts';
import { ThreadPool } from '../src/node/pools.ts';
import { SILENT_LOGGER } from '../src/node/ports.ts';
import { counterBlock } from '../src/shm/counters.ts';
import { BATCH_SLOTS, SMALL_CAPACITIES } from '../src/shm/layout.ts';
import { createRegions, type Regions } from '../src/shm/regions.ts';
import { BatchRing, firstRecordOf, packetOf } from '../src/shm/slab.ts';
import { VerifiedSet } from '../src/shm/verified.ts';
import { ListenTask } from '../src/tasks/listen.ts';
import { readU32 } from '../src/util/bytes.ts';
import { SystemClock } from '../src/util/clock.ts';
import { LOOPBACK_IP } from '../src/util/ipv4.ts';
import { HASH_BYTES, Message } from '../src/wire/limits.ts';
import { surroundings } from './harness.ts';
import { livePackets, type Packets } from './inputs.ts';

const SIZES = [1, 4, 16, 64];
const PORT = 8_000;

/** Recorded datagrams to look for pushes among. */
const LOOKED_AT = 2_000;

/** Batches before any is timed: until code is compiled and every value is known as verified. */
const WARM_UP = 300;

/** A ring and whoever works its batches off. */
class Course {
  readonly ring: BatchRing;
  readonly #regions: Regions;
  readonly #verified: VerifiedSet;
  readonly #packets: Packets;

  constructor(regions: Regions, packets: Packets) {
    this.#regions = regions;
    this.#packets = packets;
    this.ring = new BatchRing(regions.ring);
    this.#verified = new VerifiedSet(regions.verified);
  }

  /** Puts the first datagrams into a batch and hands it over. */
  send(size: number): void {
    const batch = this.ring.open();
    const { bytes, at, end } = this.#packets;
    for (let slot = 0; slot < size; slot++) {
      const datagram = bytes.subarray(at[slot]!, end[slot]!);
      this.ring.put(batch, slot, datagram, LOOPBACK_IP, PORT, SystemClock.monoMs());
    }
    this.ring.close(batch, size);
  }

  /** Takes back a batch that was worked off, as main does. @returns whether there was one */
  takeBack(): boolean {
    const batch = this.ring.next();
    if (batch < 0) return false;
    const { ring, records } = this.#regions;
    for (let slot = 0; slot < this.ring.count(batch); slot++) {
      const packet = packetOf(batch, slot);
      for (let i = 0; i < ring.rowCount[packet]!; i++) {
        const row = firstRecordOf(batch) + ring.firstRow[packet]! + i;
        this.#verified.add(records.hash, row * HASH_BYTES);
      }
    }
    this.ring.release();
    return true;
  }
}

/** The first pushes: everything else has a signature of its own, which is verified each time. */
function onlyPushes({ bytes, at, end, count }: Packets): Packets {
  const pushes = Array.from({ length: count }, (_, i) => i)
    .filter((i) => readU32(bytes, at[i]!) === Message.PUSH)
    .slice(0, BATCH_SLOTS);
  const pick = (column: Uint32Array): Uint32Array => Uint32Array.from(pushes, (i) => column[i]!);
  return { bytes, at: pick(at), end: pick(end), count: pushes.length };
}

/** Times batches of each size. @param once sends one and resolves when it is back */
async function measure(
  rounds: number,
  once: (size: number) => Promise<void> | void,
): Promise<{ p50: number; p99: number }[]> {
  for (let i = 0; i < WARM_UP; i++) await once(BATCH_SLOTS);
  const figures: { p50: number; p99: number }[] = [];
  for (const size of SIZES) {
    const histogram = createHistogram();
    for (let i = 0; i < rounds; i++) {
      const startedMs = SystemClock.monoMs();
      await once(size);
      histogram.record(Math.max(1, Math.round((SystemClock.monoMs() - startedMs) * 1e6)));
    }
    figures.push({ p50: histogram.percentile(50) / 1_000, p99: histogram.percentile(99) / 1_000 });
  }
  return figures;
}

/** The same batches on this thread: what is left of a round trip without the trip. */
async function inline(rounds: number, packets: Packets) {
  const regions = createRegions(SMALL_CAPACITIES, false);
  const course = new Course(regions, packets);
  const verified = new VerifiedSet(regions.verified);
  const counters = counterBlock(regions.counters, 0);
  const verifier = createVerifier('sodium');
  const task = new ListenTask({ regions, counters, verified, verifier, gate: () => true });
  return measure(rounds, (size) => {
    course.send(size);
    const batch = course.ring.claim();
    task.run(batch);
    course.ring.finish(batch);
    course.takeBack();
  });
}

/** Through a pool of one thread, whose message wakes us. */
async function threaded(rounds: number, packets: Packets) {
  const regions = createRegions(SMALL_CAPACITIES);
  const course = new Course(regions, packets);
  let wake = (): void => {};
  const pool = new ThreadPool(regions, {
    threads: 1,
    verifier: 'sodium',
    identity: createIdentity(),
    clock: SystemClock,
    logger: SILENT_LOGGER,
    wake: () => wake(),
    fail: (error) => {
      throw error;
    },
  });
  await pool.start();
  const figures = await measure(
    rounds,
    (size) =>
      new Promise<void>((resolve) => {
        wake = () => {
          if (course.takeBack()) resolve();
          else course.ring.wantWake(false);
        };
        course.ring.wantWake(false);
        course.send(size);
      }),
  );
  course.ring.stop();
  await pool.stop();
  return figures;
}

async function run({ rounds }: { rounds: number }): Promise<void> {
  const { cpu, cores, platform, node, commit } = surroundings('full');
  const packets = onlyPushes(await livePackets(LOOKED_AT));
  const here = await inline(rounds, packets);
  const there = await threaded(rounds, packets);
  const us = (figure: number): string => figure.toFixed(1).padStart(9);
  const lines = [
    `${cpu}, ${cores} cores, ${platform}, Node ${node}, commit ${commit}; µs a batch, ${rounds} batches of each size`,
    '',
    'datagrams   on main: p50       p99   thread: p50       p99   µs a datagram',
    ...SIZES.map((size, i) => {
      const [own, other] = [here[i]!, there[i]!];
      return `${String(size).padStart(9)}   ${us(own.p50).padStart(12)} ${us(own.p99)}  ${us(other.p50).padStart(12)} ${us(other.p99)}   ${us(other.p50 / size)}`;
    }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

await new Command('bench:round-trip')
  .description('Measures how long a batch takes to a pool thread and back, by its size.')
  .option('--rounds <NUM>', 'batches of each size', wholeNumber(1, 1_000_000), 2_000)
  .addHelpText(
    'after',
    '\nAll values are known as verified: what is left is the way, the hashing and the bookkeeping. A thread that\nsleeps is woken by a futex, main by a message; under load neither sleeps, and nothing of this is paid.',
  )
  .action(run)
  .parseAsync();
