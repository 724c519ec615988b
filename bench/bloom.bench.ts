import { ActiveSet } from '../src/gossip/active-set.ts';
import { bloomAdd, bloomContains, bloomShape } from '../src/gossip/bloom.ts';
import { WeightedShuffle } from '../src/gossip/sample.ts';
import { seededRng } from '../src/util/rng.ts';
import { HASH_BYTES, PUBKEY_BYTES } from '../src/wire/limits.ts';
import { type Mode, mix, SEED, type Suite, type Timed } from './harness.ts';
import { limit } from './inputs.ts';

/** Bits of the filter in a pull request that fills its datagram, and how often it may be wrong. */
const FILTER_BITS = 7_000;
const FALSE_RATE = 0.1;

/** Nodes of the real network, round. */
const NODES = 4_000;

function blooms(mode: Mode): Timed[] {
  const rng = seededRng(SEED);
  const items = Math.floor((FILTER_BITS * Math.LN2 ** 2) / -Math.log(FALSE_RATE));
  const { keyCount, bitLength } = bloomShape(items, FALSE_RATE, FILTER_BITS);
  const bitsAt = keyCount * 8;
  const filter = new Uint8Array(bitsAt + Math.ceil(bitLength / 8));
  rng.fill(filter, 0, bitsAt);
  const count = limit(mode, items, 50);
  const hashes = new Uint8Array(2 * count * HASH_BYTES);
  rng.fill(hashes);

  const testing = (name: string, first: number): Timed => ({
    name: `bloom, ${name}, ${keyCount} keys`,
    unit: 'hash',
    items: count,
    run() {
      let found = SEED;
      for (let i = first; i < first + count; i++) {
        if (bloomContains(filter, 0, keyCount, bitsAt, bitLength, hashes, i * HASH_BYTES)) found++;
      }
      return found;
    },
  });
  return [
    {
      name: `bloom, build, ${keyCount} keys`,
      unit: 'hash',
      items: count,
      reset: () => filter.fill(0, bitsAt),
      run() {
        let added = SEED;
        for (let i = 0; i < count; i++) {
          added += bloomAdd(filter, 0, keyCount, bitsAt, bitLength, hashes, i * HASH_BYTES);
        }
        return added;
      },
    },
    testing('test what is in it', 0),
    testing('test what is not', count),
  ];
}

/** Stakes as on the real network: a tenth of the nodes hold most, half hold nothing. */
function stakes(count: number): Float64Array {
  const rng = seededRng(SEED);
  return Float64Array.from({ length: count }, () =>
    rng.below(2) === 0 ? 0 : Math.floor(1e9 * 10 ** (7 * rng.unit())),
  );
}

function shuffling(mode: Mode): Timed {
  const count = limit(mode, NODES, 100);
  const weights = stakes(count).map((stake) => 1 + Math.floor(Math.log2(1 + stake / 1e9)) ** 2);
  const shuffle = new WeightedShuffle(count);
  let rng = seededRng(SEED);
  return {
    name: `weighted shuffle, all of ${count.toLocaleString('en')} nodes`,
    unit: 'node',
    items: count,
    reset() {
      rng = seededRng(SEED);
    },
    run() {
      let sum = SEED;
      shuffle.fill(weights, count);
      for (let next = shuffle.next(rng); next >= 0; next = shuffle.next(rng)) sum = mix(sum, next);
      return sum;
    },
  };
}

function rotating(mode: Mode): Timed {
  const count = limit(mode, NODES, 100);
  const rng = seededRng(SEED);
  const keys = new Uint8Array(count * PUBKEY_BYTES);
  rng.fill(keys);
  const candidates = { count, keys, stake: stakes(count) };
  const out = new Uint16Array(16);
  let set = new ActiveSet(keys, rng);
  return {
    name: `active set, rotate with ${count.toLocaleString('en')} nodes`,
    unit: 'rotation',
    items: 1,
    reset() {
      set = new ActiveSet(keys, seededRng(SEED));
      set.rotate(candidates, count); // the first one fills it, which happens once in a life
    },
    run() {
      set.rotate(candidates, count);
      return mix(set.peerCount, set.peersFor(3, keys, PUBKEY_BYTES, out));
    },
  };
}

/** What do filters, draws and rotation cost at the real network's size? */
export const bloom: Suite = {
  name: 'bloom',
  async questions(mode: Mode) {
    return [...blooms(mode), shuffling(mode), rotating(mode)];
  },
};
