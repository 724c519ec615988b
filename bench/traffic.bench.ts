import { Traffic } from '../src/node/traffic.ts';
import { BATCH_SLOTS, BATCH_VALUES } from '../src/shm/layout.ts';
import { firstRecordOf, packetOf } from '../src/shm/slab.ts';
import { Outcome } from '../src/util/outcome.ts';
import { seededRng } from '../src/util/rng.ts';
import { Kind, Message } from '../src/wire/limits.ts';
import { fillTable, VALUE_BYTES } from './filled-table.ts';
import { type Mode, mix, SEED, type Suite } from './harness.ts';
import { limit } from './inputs.ts';

/** As many as a datagram of mainnet brings. */
const VALUES = 3;
/** Of so many copies of a value, one is the first: what mainnet pushes. */
const COPIES = 6;
const BATCHES = 4;
const PORT = 8_000;

/** Batches as they are after being applied, from peers whose address is known. */
export async function prepareTraffic(size: number) {
  const { regions, table } = await fillTable(size, 0);
  const rng = seededRng(SEED);
  const { ring, records } = regions;
  const peers = table.peers.size;
  for (let peer = 0; peer < peers; peer++) table.peers.setContact(peer, 1 + peer * 977, PORT, 1);
  const counts = new Traffic(regions);
  counts.learnAddresses([]);
  const rows = new Int32Array(BATCHES * BATCH_VALUES);
  for (let batch = 0; batch < BATCHES; batch++) {
    for (let slot = 0; slot < BATCH_SLOTS; slot++) {
      const packet = packetOf(batch, slot);
      ring.ip[packet] = 1 + rng.below(peers) * 977;
      ring.port[packet] = PORT;
      ring.length[packet] = 1_200;
      ring.outcome[packet] = Outcome.OK;
      ring.message[packet] = Message.PUSH;
      ring.firstRow[packet] = slot * VALUES;
      ring.rowCount[packet] = VALUES;
      for (let i = 0; i < VALUES; i++) {
        const row = firstRecordOf(batch) + slot * VALUES + i;
        records.kind[row] = i === 0 ? Kind.EPOCH_SLOTS : Kind.VOTE;
        records.length[row] = VALUE_BYTES;
        records.outcome[row] = row % COPIES === 0 ? Outcome.VALUE_UPDATED : Outcome.VALUE_DUPLICATE;
        rows[row] = rng.below(size);
      }
    }
  }
  /** Counts all of it. */
  const run = (): void => {
    for (let batch = 0; batch < BATCHES; batch++) {
      counts.received(batch, BATCH_SLOTS);
      const first = firstRecordOf(batch);
      for (let row = first; row < first + BATCH_SLOTS * VALUES; row++) {
        counts.signed(rows[row]!, VALUE_BYTES, row % COPIES === 0);
      }
    }
  };
  return { regions, peers, counts, run, packets: BATCHES * BATCH_SLOTS };
}

/** What does it cost to count who sends what to whom, beside all that is done with a datagram anyway? */
export const traffic: Suite = {
  name: 'traffic',
  async questions(mode: Mode) {
    const size = limit(mode, 100_000, 1_000);
    const prepared = await prepareTraffic(size);
    const { regions, peers, counts, packets } = prepared;
    const { ring } = regions;
    const total = (): number => regions.traffic.classes.reduce((sum, n) => mix(sum, n), SEED);
    const reset = (): void => {
      regions.traffic.classes.fill(0);
      regions.peers.traffic.fill(0);
    };
    return [
      {
        name: 'a datagram with three values',
        unit: 'packet',
        items: packets,
        also: { unit: 'value', items: packets * VALUES },
        reset,
        run() {
          prepared.run();
          return total();
        },
      },
      {
        name: 'a datagram that leaves',
        unit: 'packet',
        items: packets,
        reset,
        run() {
          for (let packet = 0; packet < packets; packet++) {
            counts.sent(4, 1_200, ring.ip[packet]!, PORT);
            for (let i = 0; i < VALUES; i++) counts.relayed(Kind.VOTE, VALUE_BYTES);
          }
          return total();
        },
      },
      {
        name: 'learning who lives where',
        unit: 'node',
        items: peers,
        run() {
          counts.learnAddresses([]);
          return peers;
        },
      },
    ];
  },
};
