import { decodePacket } from '../src/wire/decode.ts';
import { MAX_VALUES } from '../src/wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../src/wire/skim.ts';
import { type Mode, mix, SEED, type Suite, type Timed } from './harness.ts';
import { limit, livePackets, type Packets, vectorPackets } from './inputs.ts';

const columns = createValueColumns(MAX_VALUES + 1);
const fields = new PacketFields();

function skimAll({ bytes, at, end, count }: Packets): number {
  let sum = SEED;
  for (let i = 0; i < count; i++) {
    const outcome = skim(bytes, at[i]!, end[i]!, fields, columns, 0);
    sum = mix(sum, outcome * 16 + fields.valueCount);
  }
  return sum;
}

function countValues({ bytes, at, end, count }: Packets): number {
  let values = 0;
  for (let i = 0; i < count; i++) {
    if (skim(bytes, at[i]!, end[i]!, fields, columns, 0) === 0) values += fields.valueCount;
  }
  return values;
}

function skimming(name: string, packets: Packets): Timed {
  const values = countValues(packets);
  return {
    name,
    unit: 'packet',
    items: packets.count,
    ...(values === 0 ? {} : { also: { unit: 'value', items: values } }),
    run: () => skimAll(packets),
  };
}

function decoding(name: string, { bytes, at, end, count }: Packets): Timed {
  return {
    name,
    unit: 'packet',
    items: count,
    run() {
      let sum = SEED;
      for (let i = 0; i < count; i++) {
        sum = mix(sum, decodePacket(bytes, at[i]!, end[i]!).message?.message.length ?? 0);
      }
      return sum;
    },
  };
}

/** How fast is a datagram understood: the hot way, and into objects for people? */
export const wire: Suite = {
  name: 'wire',
  async questions(mode: Mode) {
    const live = await livePackets(limit(mode, 4000, 100));
    const every = vectorPackets(limit(mode, 4000, 100), true);
    const refused = vectorPackets(limit(mode, 4000, 100), false);
    return [
      skimming('skim, live traffic', live),
      skimming('skim, every message and kind', every),
      skimming('skim, damaged packets', refused),
      decoding('decode, live traffic', live),
      decoding('decode, every message and kind', every),
    ];
  },
};
