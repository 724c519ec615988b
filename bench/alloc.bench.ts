import { sha256Into } from '../src/crypto/hash.ts';
import { VerifiedSet } from '../src/shm/verified.ts';
import { HASH_BYTES, MAX_VALUES } from '../src/wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../src/wire/skim.ts';
import { fillTable, VALUE_BYTES } from './filled-table.ts';
import type { Gauged, Mode, Suite } from './harness.ts';
import { limit, livePackets } from './inputs.ts';
import { prepareListening } from './listen.bench.ts';
import { bytesPerItem } from './meter.ts';
import { prepareTraffic } from './traffic.bench.ts';

/**
 * A number that leaves a function which was not inlined is a heap number of 16 bytes. An update passes four
 * of them on, and which of these V8 inlines differs from run to run.
 */
const NUMBERS = 64;

/** Node's own hash wants a view of what it hashes, and answers with a string. */
const HASH = 224;

/** What does one packet leave on the heap? The aim is nothing of ours, after `start`. */
export const alloc: Suite = {
  name: 'alloc',
  async questions(mode: Mode) {
    const windows = limit(mode, 31, 5);
    const work = limit(mode, 1_000, 400);
    const packets = await livePackets(work);
    const columns = createValueColumns(MAX_VALUES + 1);
    const fields = new PacketFields();
    const filled = await fillTable(limit(mode, 20_000, 2_000), work);
    const { table, labels, regions, size, upsert } = filled;
    const verified = new VerifiedSet(regions.verified);
    const digest = new Uint8Array(new SharedArrayBuffer(HASH_BYTES));
    const known = await prepareListening(limit(mode, 16, 4), 'held');
    const counted = await prepareTraffic(limit(mode, 20_000, 2_000));
    const kept: object[] = new Array(work);
    let round = 0;

    const question = (
      name: string,
      unit: string,
      ceiling: number,
      run: () => unknown,
      items = work,
    ): Gauged => ({
      name,
      unit: `B/${unit}`,
      ceiling,
      gauge: () => bytesPerItem(run, items, windows),
    });
    return [
      question('the meter itself: an object of 4 fields', 'object', 64, () => {
        for (let i = 0; i < work; i++) kept[i] = { a: i, b: i, c: i, d: i };
      }),
      question('skim', 'packet', 4, () => {
        for (let i = 0; i < packets.count; i++) {
          skim(packets.bytes, packets.at[i]!, packets.end[i]!, fields, columns, 0);
        }
      }),
      question('sha256', 'value', HASH, () => {
        for (let i = 0; i < work; i++) {
          sha256Into(packets.bytes, i * VALUE_BYTES, (i + 1) * VALUE_BYTES, digest, 0);
        }
      }),
      question('is it verified already?', 'value', 16, () => {
        for (let i = 0; i < work; i++) verified.has(packets.bytes, i * HASH_BYTES);
      }),
      question('listen: skim, hash, look up', 'packet', HASH + 16, known.run, known.packets),
      question('counting who sends what', 'packet', 4, counted.run, counted.packets),
      question('upsert, duplicate', 'value', NUMBERS, () => {
        for (let i = 0; i < work; i++) upsert(labels[i]!, 0);
      }),
      question('upsert, update', 'value', NUMBERS, () => {
        round++;
        for (let i = size - work; i < size; i++) upsert(labels[i]!, round);
      }),
      question('upsert, new, and remove', 'value', NUMBERS, () => {
        for (let i = size; i < size + work; i++) {
          upsert(labels[i]!, 0);
          table.remove(table.row, 0);
        }
      }),
    ];
  },
};
