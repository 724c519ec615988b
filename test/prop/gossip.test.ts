import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/crypto/hash.ts';
import { bloomAdd, bloomContains } from '../../src/gossip/bloom.ts';
import { maskHigh } from '../../src/gossip/filter-set.ts';
import { HashIndex } from '../../src/gossip/hash-index.ts';
import { PingCache, PROOF_MS } from '../../src/gossip/ping.ts';
import { FilterPlan, filterShape } from '../../src/gossip/pull-request.ts';
import { BLOCK_RELAYERS, createRelayers, ReceivedCache } from '../../src/gossip/received-cache.ts';
import { Deck, WeightedShuffle } from '../../src/gossip/sample.ts';
import { SlotLists } from '../../src/gossip/slot-list.ts';
import { SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { createRegions } from '../../src/shm/regions.ts';
import { readU32 } from '../../src/util/bytes.ts';
import { seededRng } from '../../src/util/rng.ts';
import { expectAlike, expectAtMost, expectSame } from '../in-loops.ts';
import { propertyCases } from '../nightly.ts';

/** A public key or hash that a number stands for, spread over all its bytes. */
function spread(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  seededRng(number).fill(bytes);
  return bytes;
}

describe('bloom filters', () => {
  it('never deny what was added, and lie within their bits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 600 }),
        fc.array(fc.nat(), { maxLength: 40, size: 'max' }),
        fc.nat(),
        (keyCount, bitLength, items, seed) => {
          const size = Math.ceil(bitLength / 8);
          const bytes = new Uint8Array(64 + size + 8);
          seededRng(seed).fill(bytes, 0, 64);
          let set = 0;
          for (const item of items) {
            set += bloomAdd(bytes, 0, keyCount, 64, bitLength, spread(item), 0);
          }
          for (const item of items) {
            const has = bloomContains(bytes, 0, keyCount, 64, bitLength, spread(item), 0);
            expectSame(has, keyCount > 0 && bitLength > 0);
          }
          const bits = bytes.subarray(64);
          let counted = 0;
          for (let i = 0; i < bits.length * 8; i++) {
            if ((bits[i >> 3]! >> (i & 7)) & 1) {
              counted++;
              expectSame(i < bitLength, true);
            }
          }
          expectSame(counted, set);
        },
      ),
      { numRuns: propertyCases(75, 1500) },
    );
  });
});

describe('partitions', () => {
  const { filters } = createRegions({ ...SMALL_CAPACITIES, filters: 1_024 }, false);

  it('cover every hash once at every width, and a builder finds the right one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 10 }),
        fc.array(fc.nat(), { maxLength: 30, size: 'max' }),
        (bits, items) => {
          for (const item of items) {
            const high = readU32(spread(item), 4);
            const low = 2 ** (32 - bits) - 1;
            const holding = [];
            for (let partition = 0; partition < 2 ** bits; partition++) {
              if ((high | low) >>> 0 === maskHigh(partition, bits)) holding.push(partition);
            }
            expectAlike(holding, [high >>> (32 - bits)]);
          }
          const plan = new FilterPlan(filters, seededRng(bits), new Deck());
          const shape = filterShape(163);
          plan.start(shape, shape.maxItems * 2 ** bits, 2 ** bits);
          expect(plan.set.maskBits).toBe(bits);
          for (const item of items) {
            plan.set.add(plan.set.filterOf(spread(item), 0), spread(item), 0);
          }
          const all = Array.from({ length: plan.set.count }, (_, i) => plan.set.filter(i));
          const used = all.filter(({ bitsSet }) => bitsSet > 0);
          const wanted = new Set(items.map((item) => readU32(spread(item), 4) >>> (32 - bits)));
          expect(new Set(used.map((filter) => filter.maskHigh >>> (32 - bits)))).toEqual(wanted);
        },
      ),
      { numRuns: propertyCases(20, 400) },
    );
  });
});

describe('weighted shuffle', () => {
  it('yields every index once, the weighted ones first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }),
        fc.array(fc.nat(59), { maxLength: 5 }),
        fc.nat(),
        (weights, removed, seed) => {
          const rng = seededRng(seed);
          const shuffle = new WeightedShuffle(60);
          shuffle.fill(weights, weights.length);
          const gone = new Set(removed.filter((index) => index < weights.length));
          for (const index of gone) shuffle.remove(index);
          const order: number[] = [];
          for (let i = shuffle.next(rng); i >= 0; i = shuffle.next(rng)) order.push(i);
          const left = weights.map((_, i) => i).filter((i) => !gone.has(i));
          expect([...order].sort((a, b) => a - b)).toEqual(left);
          const firstZero = order.findIndex((i) => weights[i] === 0);
          const tail = firstZero < 0 ? [] : order.slice(firstZero);
          expect(tail.every((i) => weights[i] === 0)).toBe(true);
        },
      ),
      { numRuns: propertyCases(75, 1500) },
    );
  });
});

describe('hash index and slot lists', () => {
  it('are what a Map and arrays would be', () => {
    const command = fc.record({ slot: fc.nat(15), hash: fc.nat(5), list: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (commands) => {
        const index = new HashIndex(16);
        const lists = new SlotLists(16, 2);
        const hashes = new Map<number, number>();
        const orders: number[][] = [[], []];
        for (const { slot, hash, list } of commands) {
          const old = hashes.get(slot);
          if (old === undefined) {
            // Few hashes, high ones among them: chains that run into each other and around the end.
            const full = hash % 2 === 0 ? hash : 0xffffffff - (hash >> 1);
            index.add(full, slot);
            hashes.set(slot, full);
            lists.append(list, slot);
            orders[list]!.push(slot);
          } else {
            index.remove(old, slot);
            hashes.delete(slot);
            lists.remove(slot);
            for (const order of orders)
              if (order.includes(slot)) order.splice(order.indexOf(slot), 1);
          }
          for (const [at, full] of hashes) {
            let found = false;
            for (let p = index.start(full); index.slots[p] !== -1; p = (p + 1) & index.mask) {
              if (index.slots[p] === at && index.hashes[p] === full) found = true;
            }
            expectSame(found, true);
          }
          expect(index.slots.filter((one) => one !== -1).length).toBe(hashes.size);
        }
        for (const [list, order] of orders.entries()) {
          const walked: number[] = [];
          for (let s = lists.first(list); s >= 0; s = lists.after(s)) walked.push(s);
          expect(walked).toEqual(order);
        }
      }),
      { numRuns: propertyCases(30, 600) },
    );
  });
});

describe('received cache', () => {
  it('stays within its bounds, and scores as a Map would while it has room', () => {
    const delivery = fc.record({
      origin: fc.nat(9),
      relayer: fc.nat(14),
      copies: fc.constantFrom(0, 0, 0, 1, 2, Number.POSITIVE_INFINITY),
    });
    fc.assert(
      fc.property(
        fc.array(delivery, { maxLength: 400, size: 'max' }),
        fc.constantFrom({ origins: 4, blocks: 5 }, { origins: 16, blocks: 48 }),
        (deliveries, sizes) => {
          const cache = new ReceivedCache(seededRng(1), sizes);
          const model = new Map<number, { upserts: number; scores: Map<number, number> }>();
          const out = createRelayers();
          for (const { origin, relayer, copies } of deliveries) {
            cache.record(spread(origin), 0, spread(100 + relayer), 0, copies);
            const entry = model.get(origin) ?? { upserts: 0, scores: new Map() };
            model.set(origin, entry);
            if (copies === 0) entry.upserts++;
            entry.scores.set(relayer, (entry.scores.get(relayer) ?? 0) + (copies < 2 ? 1 : 0));
            expectAtMost(cache.size, sizes.origins);
          }
          for (const [origin, { upserts, scores }] of model) {
            const isDue = cache.takeDue(spread(origin), 0, out);
            expectAtMost(out.count, BLOCK_RELAYERS * sizes.blocks);
            if (sizes.origins < 10) continue;
            expectSame(isDue, upserts >= 20);
            if (!isDue) continue;
            const got = new Map<number, number>();
            for (let i = 0; i < out.count; i++) {
              const relayer = [...scores.keys()].find((one) =>
                spread(100 + one).every((byte, k) => byte === out.keys[32 * i + k]),
              );
              got.set(relayer ?? -1, out.score[i]!);
            }
            expect([...got].sort()).toEqual([...scores].sort());
          }
        },
      ),
      { numRuns: propertyCases(30, 600) },
    );
  });
});

describe('proofs of address', () => {
  const PREFIX = new TextEncoder().encode('SOLANA_PING_PONG');
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ op: fc.constant('check' as const), key: fc.nat(3), where: fc.nat(3) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant('send' as const), key: fc.nat(3), where: fc.nat(3) }),
    },
    // An answer to one of the last pings: by some key, from some address.
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant('pong' as const),
        key: fc.nat(3),
        where: fc.nat(3),
        back: fc.nat(3),
        right: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant('wait' as const),
        key: fc.constantFrom(50, 1_999, 2_000, 19_999, 20_000, 400_000, PROOF_MS),
        where: fc.nat(0),
      }),
    },
  );

  it('hold for what answered, used each token once, and pinged no address more than twice in 20 s', () => {
    let proofs = 0; // else the steps were such that nothing could go wrong
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 150, size: 'max' }),
        fc.constantFrom(3, 64),
        (steps, capacity) => {
          const sizes = {
            proofs: capacity,
            destinations: capacity,
            queue: 8,
            ipCells: 4,
            addressCells: 4,
          };
          const cache = new PingCache(seededRng(7), false, sizes);
          const order = { ip: 0, port: 0, token: new Uint8Array(32) };
          const sent: {
            ip: number;
            port: number;
            token: Uint8Array;
            atMs: number;
            used: boolean;
          }[] = [];
          const provedMs = new Map<string, number>();
          const ipOf = (where: number): number => 0x05000001 + (where >> 1);
          const portOf = (where: number): number => 8000 + (where & 1);
          let nowMs = 0;
          for (const one of steps) {
            if (one.op === 'wait') nowMs += one.key;
            const ip = ipOf(one.where);
            const port = portOf(one.where);
            if (one.op === 'check') cache.check(spread(one.key), 0, ip, port, nowMs, true);
            if (one.op === 'send' && cache.nextPing(nowMs, order)) {
              sent.push({ ...order, token: order.token.slice(), atMs: nowMs, used: false });
            }
            if (one.op === 'pong') {
              const ping = sent[sent.length - 1 - one.back];
              if (!ping) continue;
              const from = one.right ? ping : { ip, port };
              const hash = sha256(new Uint8Array([...PREFIX, ...ping.token]));
              const accepted = cache.pong(spread(one.key), 0, hash, 0, from.ip, from.port, nowMs);
              if (accepted) {
                expect([from.ip, from.port]).toEqual([ping.ip, ping.port]);
                expectSame(ping.used, false);
                const newer = sent.slice(sent.indexOf(ping) + 1);
                expectSame(
                  newer.some((p) => p.ip === ping.ip && p.port === ping.port),
                  false,
                );
                expectAtMost(nowMs - ping.atMs, 20_000);
                ping.used = true;
                proofs++;
                provedMs.set(`${one.key} ${from.ip} ${from.port}`, nowMs);
              }
            }
            for (let key = 0; key <= 3; key++) {
              for (let where = 0; where <= 3; where++) {
                const atMs = provedMs.get(`${key} ${ipOf(where)} ${portOf(where)}`);
                const holds = atMs !== undefined && nowMs - atMs <= PROOF_MS;
                const says = cache.isProved(spread(key), 0, ipOf(where), portOf(where), nowMs);
                if (says) expectSame(holds, true);
                else if (capacity === 64) expectSame(holds, false);
              }
            }
          }
          for (const [i, ping] of sent.entries()) {
            const window = sent.slice(i).filter((p) => p.atMs < ping.atMs + 20_000);
            const toAddress = window.filter((p) => p.ip === ping.ip && p.port === ping.port);
            expectAtMost(toAddress.length, 2);
            expectAtMost(window.filter((p) => p.ip === ping.ip).length, 16);
            const [, second] = toAddress;
            if (second) expectAtMost(2_000, second.atMs - ping.atMs);
          }
        },
      ),
      { numRuns: propertyCases(60, 600) },
    );
    expect(proofs, 'about 75').toBeGreaterThan(20);
  });
});
