import { purgeTimedOut, Timeouts } from '../../src/crds/expire.ts';
import { Stakes } from '../../src/crds/peers.ts';
import { CrdsTable, Route } from '../../src/crds/table.ts';
import { sha256Hex, sha256Into, type Xxhash } from '../../src/crypto/hash.ts';
import { isInPushWindow } from '../../src/gossip/policy.ts';
import { PrunePlan } from '../../src/gossip/prune.ts';
import { judgePulled, Pulled } from '../../src/gossip/pull-response.ts';
import { PullAnswers } from '../../src/gossip/pull-serve.ts';
import { createRegions } from '../../src/shm/regions.ts';
import { SpyError } from '../../src/util/assert.ts';
import { fromBase58, toBase58 } from '../../src/util/base58.ts';
import { fromHex, toHex } from '../../src/util/bytes.ts';
import { Outcome, outcomeName } from '../../src/util/outcome.ts';
import { seededRng } from '../../src/util/rng.ts';
import { createValueColumns } from '../../src/wire/columns.ts';
import { ContactInfoFields, readContactInfo } from '../../src/wire/contact-info.ts';
import { HASH_BYTES, Kind, PACKET_BYTES, PUBKEY_BYTES } from '../../src/wire/limits.ts';
import { PacketFields, skim, skimValue } from '../../src/wire/skim.ts';
import { NotedCache, type Prunes } from './prune-ties.ts';

type Json = Record<string, unknown>;

/** A life has few values; rows of the default table would only cost memory. */
const CAPACITIES = {
  tableRows: 4_096,
  peerRows: 1_024,
  journalEntries: 4_096,
  verifiedPlaces: 64,
  batches: 1,
  egressSlots: 1,
  purgedHashes: 65_536,
  failedHashes: 65_536,
};

/** Recorded answers have no limit. */
const NO_LIMITS = { scanned: 65_536, packetsPerRequest: 4_096, packets: 4_096 };

/** A signed contact info, to make a pull request around a recorded filter. */
const CALLER =
  '288d54f0ad0b42af1b3f8b71772fc54cf5d69feb3d451b0921254cac0f49b9f0c8ca818a04df61fc27b6244df976ccf9' +
  '8820546dc35efd7a8d695ded21afe6000b0000008a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801' +
  'b40f6f5c809c808c8134c064ea5b44590600adc304838003014433221188776655030200000000cb00710700000000c6' +
  '336409040a00c03e00000104000b0201f70600';

/** One value of a step, skimmed and hashed. */
interface Value {
  bytes: Uint8Array;
  hash: Uint8Array;
  kind: number;
  index: number;
  originAt: number;
  wallclock: number;
  outsetLow: number;
  outsetHigh: number;
}

/**
 * Lives the recorded life of one table with our table, pull, push and prune code. Every step says what
 * came of it, in the recorded form.
 */
export class TableLife {
  readonly #table: CrdsTable;
  readonly #received: NotedCache;
  readonly #prunes: PrunePlan;
  readonly #answers: PullAnswers;
  readonly #stakes: Stakes;
  readonly #ourKey: Uint8Array;
  readonly #timeouts: Timeouts;
  readonly #columns = createValueColumns(2);
  readonly #contact = new ContactInfoFields();
  readonly #packet = new PacketFields();
  readonly #origins = new Map<string, Uint8Array>();

  /** @param start the line that begins the life */
  constructor(start: Json, xxhash: Xxhash) {
    const stakes = Object.entries(start['stakes'] as Record<string, string>);
    const rng = seededRng(1);
    this.#ourKey = key(start['self']);
    this.#stakes = new Stakes(stakes.map(([who, lamports]) => [key(who), Number(lamports)]));
    this.#timeouts = new Timeouts(this.#ourKey, this.#stakes, Number(start['purgeDurationMs']));
    this.#table = new CrdsTable(createRegions(CAPACITIES, false), { xxhash, hashSeed: rng.u32() });
    this.#table.setStakes(this.#stakes);
    this.#received = new NotedCache(rng, { origins: 1_024, blocks: 4_096 });
    this.#received.stakes = this.#stakes;
    this.#prunes = new PrunePlan(this.#received);
    this.#answers = new PullAnswers(this.#table.view, rng, NO_LIMITS);
  }

  /** @returns the fields that a recorded step has besides what went in */
  step(line: Json): Json {
    const nowMs = Number(line['now']);
    const came = this.#come(line, nowMs);
    return { ...came, after: this.#after() };
  }

  #come(line: Json, nowMs: number): Json {
    switch (line['op']) {
      case 'push':
        return this.#push(line['messages'] as { from: string; values: string[] }[], nowMs);
      case 'pull':
        return this.#pull(line['values'] as string[], nowMs);
      case 'serve':
        return this.#serve(String(line['filter']), Number(line['callerWallclock']), nowMs);
      case 'purge':
        return { removed: purgeTimedOut(this.#table, this.#timeouts, nowMs) };
      case 'prune':
        return this.#prune((line['prunes'] ?? {}) as Prunes);
      default:
        throw new SpyError('NOT_A_CASE', `'${String(line['op'])}' is no step of a table's life.`);
    }
  }

  /** @source behaviour 6.4 */
  #push(messages: { from: string; values: string[] }[], nowMs: number): Json {
    const upserted = new Set<string>();
    for (const { from, values } of messages) {
      const relayer = key(from);
      for (const hex of values) {
        const value = this.#read(hex);
        if (!isInPushWindow(value.wallclock, nowMs)) continue;
        const outcome = this.#upsert(value, nowMs, Route.PUSH);
        const isNew = outcome === Outcome.VALUE_INSERTED || outcome === Outcome.VALUE_UPDATED;
        if (isNew) upserted.add(toBase58(value.bytes, value.originAt, value.originAt + 32));
        let copies = Number.POSITIVE_INFINITY;
        if (isNew) copies = 0;
        else if (outcome === Outcome.VALUE_DUPLICATE) copies = this.#table.earlierPushes;
        this.#received.record(value.bytes, value.originAt, relayer, 0, copies);
      }
    }
    return { upsertedOrigins: [...upserted].sort() };
  }

  /** @source behaviour 5 */
  #pull(texts: string[], nowMs: number): Json {
    const values = texts.map((hex) => this.#read(hex));
    const judged = values.map((value) => this.#judge(value, nowMs));
    const those = (...fates: number[]): Value[] =>
      values.filter((_, i) => fates.includes(judged[i]!));
    const failed = those(Pulled.FAILED, Pulled.FAILED_TIMEOUT);
    for (const value of those(Pulled.EXPIRED)) this.#upsert(value, nowMs, Route.PULL);
    for (const value of those(Pulled.ACTIVE)) {
      const outcome = this.#upsert(value, nowMs, Route.PULL);
      if (outcome === Outcome.VALUE_INSERTED || outcome === Outcome.VALUE_UPDATED) {
        this.#table.touch(value.bytes, value.originAt, nowMs);
      }
    }
    for (const { hash } of failed) this.#table.failed.push(hash, 0, nowMs);
    return {
      active: hashesOf(those(Pulled.ACTIVE)),
      expired: hashesOf(those(Pulled.EXPIRED)),
      failed: hashesOf(failed),
      failedTimeout: those(Pulled.FAILED_TIMEOUT).length,
    };
  }

  #judge(value: Value, nowMs: number): number {
    const { bytes, kind, index, originAt, wallclock, outsetLow, outsetHigh, hash } = value;
    const overrides = this.#table.wouldInsert(
      bytes,
      kind,
      index,
      originAt,
      wallclock,
      outsetLow,
      outsetHigh,
      hash,
      0,
    );
    const peer = this.#table.peers.find(bytes, originAt);
    const hasContactInfo = peer >= 0 && this.#table.peers.contactRow(peer) >= 0;
    const timeoutMs = this.#timeouts.of(bytes, originAt);
    return judgePulled(overrides, wallclock, timeoutMs, hasContactInfo, nowMs);
  }

  /** @source behaviour 4.3, 4.4, 4.5 */
  #serve(filter: string, callerWallclock: number, nowMs: number): Json {
    const bytes = fromHex(`00000000${filter}${CALLER}`);
    const packet = this.#packet;
    const outcome = bytes ? skim(bytes, 0, bytes.length, packet, this.#columns, 0) : -1;
    if (!bytes || outcome !== Outcome.OK) {
      throw new SpyError('NOT_A_CASE', `A filter was refused: ${outcomeName(outcome)}.`);
    }
    const answers = this.#answers;
    answers.start(nowMs, Number.POSITIVE_INFINITY, 0);
    // The reference asks for the age of the caller before it looks at the table.
    const isServed = callerWallclock >= nowMs - 15_000 && callerWallclock < nowMs + 15_000;
    if (isServed) answers.answer(bytes, packet, callerWallclock, 0);
    const { hash } = this.#table.view.columns;
    const answer: string[] = [];
    for (let p = 0; p < answers.packetCount; p++) {
      for (let i = answers.first[p]!; i < answers.first[p]! + answers.size[p]!; i++) {
        const at = answers.rows[i]! * HASH_BYTES;
        answer.push(toHex(hash, at, at + HASH_BYTES));
      }
    }
    return { scanned: isServed ? answers.entries : null, answer: answer.sort() };
  }

  /** @source behaviour 7.2 */
  #prune(recorded: Prunes): Json {
    const ourStake = this.#stakes.get(this.#ourKey, 0);
    this.#prunes.start();
    for (const origin of this.#origins.values()) {
      this.#prunes.judge(origin, 0, ourStake, this.#stakes);
    }
    const prunes: Prunes = {};
    while (this.#prunes.next()) {
      const { relayer, origins, originCount } = this.#prunes;
      prunes[toBase58(relayer)] ??= [];
      for (let i = 0; i < originCount; i++) {
        const at = i * PUBKEY_BYTES;
        prunes[toBase58(relayer)]!.push(toBase58(origins, at, at + PUBKEY_BYTES));
      }
    }
    for (const origins of Object.values(prunes)) origins.sort();
    return { prunes: this.#received.breakTies(prunes, recorded) };
  }

  #after(): Json {
    const { view } = this.#table;
    const hashes: string[] = [];
    for (let row = 0; row < view.highWater; row++) {
      if (view.columns.length[row] === 0) continue;
      const at = row * HASH_BYTES;
      hashes.push(toHex(view.columns.hash, at, at + HASH_BYTES));
    }
    const all = hashes.sort().join('');
    return { values: view.size, digest: sha256Hex(new TextEncoder().encode(all)) };
  }

  #read(hex: string): Value {
    const bytes = fromHex(hex);
    const columns = this.#columns;
    const outcome = bytes ? skimValue(bytes, 0, bytes.length, columns, 0) : -1;
    if (!bytes || outcome !== Outcome.OK || bytes.length > PACKET_BYTES) {
      throw new SpyError('NOT_A_CASE', `A value was refused: ${outcomeName(outcome)}.`);
    }
    const hash = new Uint8Array(HASH_BYTES);
    sha256Into(bytes, 0, bytes.length, hash, 0);
    const kind = columns.kind[0]!;
    const originAt = columns.origin[0]!;
    const contact = this.#contact;
    if (kind === Kind.CONTACT_INFO) readContactInfo(bytes, 0, bytes.length, contact);
    this.#origins.set(toHex(bytes, originAt, originAt + 32), bytes.slice(originAt, originAt + 32));
    return {
      bytes,
      hash,
      kind,
      index: columns.index[0]!,
      originAt,
      wallclock: columns.wallclock[0]!,
      outsetLow: kind === Kind.CONTACT_INFO ? contact.outsetLow : 0,
      outsetHigh: kind === Kind.CONTACT_INFO ? contact.outsetHigh : 0,
    };
  }

  #upsert(value: Value, nowMs: number, route: number): number {
    const { bytes, kind, index, originAt, wallclock, outsetLow, outsetHigh, hash } = value;
    return this.#table.upsert(
      bytes,
      0,
      bytes.length,
      kind,
      index,
      originAt,
      wallclock,
      outsetLow,
      outsetHigh,
      hash,
      0,
      nowMs,
      route,
    );
  }
}

const hashesOf = (values: Value[]): string[] => values.map(({ hash }) => toHex(hash)).sort();

function key(text: unknown): Uint8Array {
  const bytes = fromBase58(String(text));
  if (!bytes) throw new SpyError('NOT_A_CASE', `'${String(text)}' is no public key.`);
  return bytes;
}
