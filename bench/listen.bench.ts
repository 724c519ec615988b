import { CrdsTable, Route } from '../src/crds/table.ts';
import { loadXxhash } from '../src/crypto/hash.ts';
import { createVerifier } from '../src/crypto/verify.ts';
import { Counter, counterBlock } from '../src/shm/counters.ts';
import { BATCH_SLOTS, BATCH_VALUES, SLOT_BYTES } from '../src/shm/layout.ts';
import { createRegions, type Regions } from '../src/shm/regions.ts';
import { BatchRing, firstRecordOf, packetOf } from '../src/shm/slab.ts';
import { VerifiedSet } from '../src/shm/verified.ts';
import { ListenTask } from '../src/tasks/listen.ts';
import { HASH_BYTES } from '../src/wire/limits.ts';
import { type Mode, mix, SEED, type Suite, type Timed } from './harness.ts';
import { limit, livePackets, type Packets } from './inputs.ts';

/** Whom all datagrams come from. */
const LOOPBACK = 0x7f000001;
const PORT = 8000;

/** Batches as the receiver leaves them, and a task to work them off. */
export interface Listening {
  readonly packets: number;
  readonly values: number;
  /** Works all batches off again. @returns a checksum of what became of the packets */
  run(): number;
}

/** What is known of the values before they come in: most of those of the real network are held. */
export type Known = 'nothing' | 'verified' | 'held';

/** Prepares datagrams of real kinds of values. */
export async function prepareListening(batches: number, known: Known): Promise<Listening> {
  const regions = createRegions({
    tableRows: 65_536,
    peerRows: 16_384,
    batches,
    verifiedPlaces: 65_536,
  });
  const table = new CrdsTable(regions, { xxhash: await loadXxhash(), hashSeed: 1 });
  const verified = new VerifiedSet(regions.verified);
  const verifier = createVerifier('sodium');
  const counters = counterBlock(regions.counters, 0);
  const task = new ListenTask({ regions, counters, verified, verifier, gate: () => true });
  place(regions, await livePackets(batches * BATCH_SLOTS));
  const { ring, records } = regions;
  const run = (): number => {
    let sum = SEED;
    for (let batch = 0; batch < batches; batch++) {
      task.run(batch);
      const saved = counters[Counter.SIGNATURES_SAVED]! - counters[Counter.SIGNATURES_CHECKED]!;
      sum = mix(sum, ring.outcome[packetOf(batch, 0)]! + saved);
      counters.fill(0);
    }
    return sum;
  };
  run();
  if (known === 'held') keepHeld(table, regions, batches, run);
  let values = 0;
  for (let packet = 0; packet < batches * BATCH_SLOTS; packet++) {
    const batch = Math.floor(packet / BATCH_SLOTS);
    for (let i = 0; i < ring.rowCount[packet]!; i++) {
      const row = batch * BATCH_VALUES + ring.firstRow[packet]! + i;
      if (known === 'verified') verified.add(records.hash, row * HASH_BYTES);
      values++;
    }
  }
  return { packets: batches * BATCH_SLOTS, values, run };
}

/** Stores all values, then puts datagrams whose values are all in the table in the place of the others. */
function keepHeld(table: CrdsTable, regions: Regions, batches: number, run: () => number): void {
  const { ring, records } = regions;
  const packets = Array.from({ length: batches * BATCH_SLOTS }, (_, packet) => packet);
  const rowsOf = (packet: number): number[] => {
    const first = firstRecordOf(Math.floor(packet / BATCH_SLOTS)) + ring.firstRow[packet]!;
    return Array.from({ length: ring.rowCount[packet]! }, (_, i) => first + i);
  };
  for (const packet of packets) for (const row of rowsOf(packet)) store(table, regions, row);
  run();
  const isHeld = (packet: number): boolean => {
    const rows = rowsOf(packet);
    return rows.length > 0 && rows.every((row) => records.held[row] !== 0);
  };
  const held = packets.filter(isHeld);
  for (const [i, packet] of packets.filter((packet) => !isHeld(packet)).entries()) {
    const from = held[i % held.length]! * SLOT_BYTES;
    ring.bytes.copyWithin(packet * SLOT_BYTES, from, from + SLOT_BYTES);
    ring.length[packet] = ring.length[held[i % held.length]!]!;
  }
  run();
}

function store(table: CrdsTable, { ring, records }: Regions, row: number): void {
  table.upsert(
    ring.bytes,
    records.offset[row]!,
    records.length[row]!,
    records.kind[row]!,
    records.index[row]!,
    records.origin[row]!,
    records.wallclock[row]!,
    0,
    0,
    records.hash,
    row * HASH_BYTES,
    0,
    Route.PUSH,
  );
}

function place({ ring }: Regions, packets: Packets): void {
  const batches = new BatchRing(ring);
  for (let i = 0; i < packets.count; i += BATCH_SLOTS) {
    const batch = batches.open();
    for (let slot = 0; slot < BATCH_SLOTS; slot++) {
      const at = packets.at[i + slot]!;
      batches.put(
        batch,
        slot,
        packets.bytes.subarray(at, packets.end[i + slot]!),
        LOOPBACK,
        PORT,
        0,
      );
    }
    batches.close(batch, BATCH_SLOTS);
  }
  if (ring.bytes.length < packets.count * SLOT_BYTES) throw new Error('more packets than slots');
}

/** How many datagrams a second does one thread take from the ring, signatures included? */
export const listen: Suite = {
  name: 'listen',
  async questions(mode: Mode) {
    const question = async (name: string, batches: number, known: Known): Promise<Timed> => {
      const { packets, values, run } = await prepareListening(batches, known);
      return { name, unit: 'packet', items: packets, also: { unit: 'value', items: values }, run };
    };
    return [
      await question('listen, every value in the table', limit(mode, 32, 1), 'held'),
      await question('listen, every value verified before', limit(mode, 32, 1), 'verified'),
      await question('listen, every value new', limit(mode, 2, 1), 'nothing'),
    ];
  },
};
