import { createVerifier } from '../src/crypto/verify.ts';
import { Counter, counterBlock } from '../src/shm/counters.ts';
import { BATCH_SLOTS, BATCH_VALUES, SLOT_BYTES } from '../src/shm/layout.ts';
import { createRegions, type Regions } from '../src/shm/regions.ts';
import { BatchRing, packetOf } from '../src/shm/slab.ts';
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

/** @param known whether every value was verified before, as most are on the real network */
export async function prepareListening(batches: number, known: boolean): Promise<Listening> {
  const regions = createRegions({ tableRows: 16, peerRows: 16, batches, verifiedPlaces: 65_536 });
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
  let values = 0;
  for (let packet = 0; packet < batches * BATCH_SLOTS; packet++) {
    const batch = Math.floor(packet / BATCH_SLOTS);
    for (let i = 0; i < ring.rowCount[packet]!; i++) {
      const row = batch * BATCH_VALUES + ring.firstRow[packet]! + i;
      if (known) verified.add(records.hash, row * HASH_BYTES);
      values++;
    }
  }
  return { packets: batches * BATCH_SLOTS, values, run };
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
    const question = async (name: string, batches: number, known: boolean): Promise<Timed> => {
      const { packets, values, run } = await prepareListening(batches, known);
      return { name, unit: 'packet', items: packets, also: { unit: 'value', items: values }, run };
    };
    return [
      await question('listen, every value verified before', limit(mode, 32, 1), true),
      await question('listen, every value new', limit(mode, 2, 1), false),
    ];
  },
};
