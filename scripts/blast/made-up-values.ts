import { madeUpIp } from '../../src/cli/made-up/nodes.ts';
import type { Identity } from '../../src/crypto/identity.ts';
import { createQuickIdentity } from '../../src/crypto/quick-identity.ts';
import { toBase58 } from '../../src/util/base58.ts';
import type { Rng } from '../../src/util/rng.ts';
import { writeContactInfo } from '../../src/wire/contact-info-encode.ts';
import type { Sign, ValueData } from '../../src/wire/decoded.ts';
import { signValue } from '../../src/wire/encode.ts';
import { packSlots } from '../../src/wire/epoch-slots.ts';
import {
  CLIENT_NAMES,
  SIGNATURE_BYTES,
  SOCKET_NAMES,
  VALUES_BYTES,
} from '../../src/wire/limits.ts';
import { buildTowerSync } from '../../src/wire/vote-transaction.ts';

/** Slot that values are about, and up. */
const FIRST_SLOT = 380_000_000;

/** Slots of a tower. */
const TOWER_SLOTS = 31;

/** Votes of a node at a time. */
const VOTE_PLACES = 12;

/** EpochSlots of a node that exist. */
const EPOCH_PLACES = 250;

/** A node that does not exist, with all it takes to speak for it. */
export interface Origin {
  readonly identity: Identity;
  readonly ip: number;
  readonly port: number;
  readonly voteAccount: string;
  readonly sign: Sign;
}

/** Makes nodes up; the same ones from the same seed, each with an address of its own. */
export function makeOrigins(count: number, port: number, rng: Rng): Origin[] {
  return Array.from({ length: count }, (_, i) => {
    const seed = new Uint8Array(32);
    rng.fill(seed);
    const identity = createQuickIdentity(seed);
    const sign: Sign = (message) => {
      const signature = new Uint8Array(SIGNATURE_BYTES);
      identity.sign(message, 0, message.length, signature, 0);
      return signature;
    };
    const voteAccount = hashFrom(rng);
    return { identity, ip: madeUpIp(i), port, voteAccount, sign };
  });
}

/** The contact info of a made-up node, signed. @units wallclock: ms since the Unix epoch */
export function makeContact(origin: Origin, shredVersion: number, wallclock: number): Uint8Array {
  const { identity, ip, port } = origin;
  const bytes = new Uint8Array(VALUES_BYTES);
  const services = [
    ['gossip', 0],
    ['tvu', 1],
    ['serveRepair', 9],
    ['tpuQuic', 11],
  ] as const;
  const end = writeContactInfo(bytes, SIGNATURE_BYTES, {
    pubkey: identity.publicKey,
    wallclock,
    outset: FIRST_SLOT,
    shredVersion,
    version: {
      major: 4,
      minor: 4,
      channel: 0,
      patch: 0,
      commit: 1,
      featureSet: 2,
      client: CLIENT_NAMES.indexOf('Agave'),
    },
    sockets: services.map(([name, offset]) => ({
      key: SOCKET_NAMES.indexOf(name),
      ip,
      port: port + offset,
    })),
  });
  identity.sign(bytes, SIGNATURE_BYTES, end, bytes, 0);
  return bytes.subarray(0, end);
}

/** A signed value with what names its label. */
export interface MadeValue {
  readonly kind: ValueData['kind'];
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * A value of a made-up node: of twenty, thirteen are votes, four epoch slots, two lowest slots, one
 * snapshot hashes, which is about what a cluster says.
 *
 * @units wallclock: ms since the Unix epoch
 */
export function makeValue(origin: Origin, serial: number, wallclock: number, rng: Rng): MadeValue {
  const from = origin.identity.address;
  const slot = FIRST_SLOT + serial;
  const sort = serial % 20;
  if (sort < 13) {
    const index = serial % VOTE_PLACES;
    return signed(origin, {
      kind: 'Vote',
      index,
      from,
      wallclock,
      transaction: vote(origin, slot, rng),
    });
  }
  if (sort < 17) {
    const index = serial % EPOCH_PLACES;
    const slots = Array.from({ length: 40 + (serial % 200) }, (_, i) => slot + i);
    const { entries } = packSlots(slots);
    return signed(origin, { kind: 'EpochSlots', index, from, wallclock, entries });
  }
  if (sort < 19)
    return signed(origin, { kind: 'LowestSlot', index: 0, from, wallclock, lowest: slot });
  const full = { slot, hash: hashFrom(rng) };
  const incremental = [{ slot: slot + 100, hash: hashFrom(rng) }];
  return signed(origin, { kind: 'SnapshotHashes', from, wallclock, full, incremental });
}

function vote(origin: Origin, slot: number, rng: Rng) {
  const lockouts = Array.from({ length: TOWER_SLOTS }, (_, i) => ({
    slot: slot - TOWER_SLOTS + 1 + i,
    confirmations: TOWER_SLOTS - i,
  }));
  return buildTowerSync(origin.sign, {
    identity: origin.identity.address,
    voteAccount: origin.voteAccount,
    lockouts,
    root: slot - TOWER_SLOTS,
    hash: hashFrom(rng),
    timestamp: null,
    blockId: hashFrom(rng),
    recentBlockhash: hashFrom(rng),
  });
}

function signed(origin: Origin, data: ValueData): MadeValue {
  const index = 'index' in data ? data.index : 0;
  return { kind: data.kind, index, bytes: signValue(origin.sign, data) };
}

function hashFrom(rng: Rng): string {
  const bytes = new Uint8Array(32);
  rng.fill(bytes);
  return toBase58(bytes);
}
