import { describe, expect, it } from 'vitest';
import { limitNetwork, makeRoom } from '../../../src/crds/evict.ts';
import { trim } from '../../../src/crds/expire.ts';
import { findViolation } from '../../../src/crds/invariants.ts';
import { NO_STAKES, Stakes } from '../../../src/crds/peers.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { key, makeTable, upsert, value } from './harness.ts';

const HOUR_MS = 3_600_000;
const MAX_PUBKEYS = 1_000;
const STAKED = 300;
const OLD = 500;
const PINNED = STAKED + OLD + 1;
const FRESH = 8_000;
/** What one round of a flood of 100,000 in 10 minutes brings, and more. */
const ROUND = 100;

/** Where the flood says it is. */
const FLOODS = [
  { name: 'one /24', ip: (i: number) => 0x09090900 + (i % 256) },
  { name: 'a thousand /24', ip: (i: number) => 0x09000000 + (((i * 7) % 1_000) << 8) + (i % 200) },
];

describe('a flood of fresh identities that prove their addresses', () => {
  for (const isStakeKnown of [true, false]) {
    for (const { name, ip } of FLOODS) {
      const words = isStakeKnown ? 'stakes are known' : 'nobody’s stake is known';
      it(`of ${name} displaces itself, when ${words}`, () => {
        const table = makeTable({ capacities: { tableRows: 2_048, peerRows: 2_048 } });
        const rng = seededRng(1);
        const staked = Array.from({ length: STAKED }, (_, i) => [key(i), 1e9 + i] as const);
        table.setStakes(isStakeKnown ? new Stakes(staked) : NO_STAKES);
        const keep = [key(PINNED)];
        const come = (origin: number, address: number, nowMs: number): void => {
          upsert(table, value({ kind: Kind.CONTACT_INFO, origin, wallclock: nowMs }), nowMs);
          const peer = table.peers.find(key(origin), 0);
          if (peer < 0) return;
          table.peers.setContact(peer, address, 8_001, 1);
          table.peers.setProved(peer, true);
          limitNetwork(table, peer, keep, nowMs);
        };
        for (let i = 0; i <= PINNED; i++) come(i, 0x05000000 + 300 * i, 1_000);
        const nowMs = 1_000 + HOUR_MS;
        for (let i = 0; i < FRESH; i++) {
          come(PINNED + 1 + i, ip(i), nowMs + i);
          if (i % ROUND !== 0) continue;
          trim(table, keep, rng, nowMs + i, MAX_PUBKEYS);
          makeRoom(table, keep, 32, 32, nowMs + i);
        }
        const left = (from: number, to: number): number => {
          let count = 0;
          for (let i = from; i < to; i++) if (table.peers.find(key(i), 0) >= 0) count++;
          return count;
        };
        expect(left(PINNED, PINNED + 1), 'pinned').toBe(1);
        expect(left(0, STAKED), 'staked').toBe(STAKED);
        expect(left(STAKED, STAKED + OLD), 'proved for over an hour').toBe(OLD);
        expect(table.peers.size).toBeLessThanOrEqual(1.1 * MAX_PUBKEYS + ROUND);
        expect(findViolation(table, { decode: false })).toBeUndefined();
      });
    }
  }
});
