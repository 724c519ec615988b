import type { TableView } from '../crds/view.ts';
import type { UnprovedContacts } from '../gossip/unproved.ts';
import type { RegionColumns } from '../shm/regions.ts';
import { equalBytes, readU32 } from '../util/bytes.ts';
import { HASH_BYTES, Kind, PUBKEY_BYTES } from '../wire/limits.ts';
import type { Sightings } from './sightings.ts';
import type { Timekeeper } from './timekeeper.ts';

/** Contact infos are renewed every 7.5 s: whose is older than this is not counted, known or not. */
const FRESH_MS = 60_000;

/** As the window of pushes: what is further ahead nobody takes. @source behaviour 0.3 */
const FUTURE_MS = 15_000;

/** Answers are waited for so long. */
const OPEN_MS = 1_000;

/** Usual requests remembered: more than leave in that time at the fastest pace. */
const REMEMBERED = 512;

/**
 * Contact infos that samples may bring in a second, while the table fills and after: 64 and 6 kB. One
 * sample brings as many as a part of the space of hashes holds: on mainnet 40 to 80, in a small network one.
 */
const EAGER_PER_SECOND = 160;
const CALM_PER_SECOND = 16;

/** What may be saved up. */
const MOST_TOKENS = 128;

/** However small the network, a sample costs so much. */
const LEAST_COST = 0.05;

/** Samples waited for at a time. */
const MOST_OPEN = 64;

/** At most one in so many filters while the table fills: known contact infos take the room of new values. */
const EAGER_ONE_IN = 8;

/** Samples kept, and for how long: the network changes, and who came since counts as missed before. */
const KEPT = 2_048;
const KEPT_MS = 180_000;

/** Nodes of one sample: a hundredth of a network of 50,000. A liar cannot count for more. */
const MOST_CAPTURED = 512;

/** Stale contact infos are counted anew after this. */
const RECOUNT_MS = 1_000;

/** Where the origin's key lies in a contact info: behind signature and kind. @source wire 4.6 */
const ORIGIN_AT = 68;

/** Where somebody is. @units ip: IPv4 as a number */
interface Place {
  readonly ip: number;
  readonly port: number;
}

/** One number for an address. */
const addressKey = (ip: number, port: number): number => ip * 65_536 + port;

/** What one sample came to. */
export interface CoverageSample {
  /** Different nodes in it. */
  readonly captured: number;
  /** Those that we knew before. */
  readonly recaptured: number;
  /** How many nodes we knew then. */
  readonly known: number;
}

interface OpenSample {
  readonly address: number;
  readonly maskBits: number;
  readonly partition: number;
  readonly openedMs: number;
  /** How many nodes we knew when it was sent. */
  readonly known: number;
  readonly seen: Set<number>;
  recaptured: number;
}

interface ClosedSample extends CoverageSample {
  readonly atMs: number;
}

/**
 * Samples of what other nodes know. Now and then some filters of a round of pull requests leave out
 * the contact infos that we have, so that the answer is all that the peer has in that part of the space of
 * hashes: who of them is a stranger tells how many there are.
 *
 * Times are monotonic milliseconds unless said otherwise.
 */
export class CoverageSamples {
  readonly #view: TableView;
  readonly #unproved: UnprovedContacts;
  readonly #clock: Timekeeper;
  readonly #sightings: Sightings;
  readonly #ownKey: Uint8Array;
  /** The longest open first. */
  #open: OpenSample[] = [];
  #closed: ClosedSample[] = [];
  /** The last usual requests: address, partition, when. */
  readonly #usualOf = new Float64Array(REMEMBERED);
  readonly #usualFor = new Int32Array(REMEMBERED);
  readonly #usualMs = new Float64Array(REMEMBERED).fill(Number.NEGATIVE_INFINITY);
  #usual = 0;
  #tokens = MOST_TOKENS;
  #filledMs = 0;
  #staleCount = 0;
  #countedMs = Number.NEGATIVE_INFINITY;

  constructor(
    view: TableView,
    unproved: UnprovedContacts,
    clock: Timekeeper,
    sightings: Sightings,
    ownKey: Uint8Array,
  ) {
    this.#view = view;
    this.#unproved = unproved;
    this.#clock = clock;
    this.#sightings = sightings;
    this.#ownKey = ownKey;
  }

  /** How many filters of a round that begins shall be samples. @units filters: of the round; maskBits: 6 or more */
  grant(filters: number, maskBits: number, isEager: boolean): number {
    const monoMs = this.#clock.monoMs();
    this.#closeOld(monoMs);
    const perSecond = isEager ? EAGER_PER_SECOND : CALM_PER_SECOND;
    const filled = ((monoMs - this.#filledMs) * perSecond) / 1000;
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + filled);
    this.#filledMs = monoMs;
    const known = this.known();
    if (known === 0) return 0; // nobody drawn could be known
    const cost = Math.max(LEAST_COST, known / 2 ** maskBits);
    const most = isEager ? Math.floor(filters / EAGER_ONE_IN) : filters;
    const granted = Math.min(most, Math.floor(this.#tokens / cost), MOST_OPEN - this.#open.length);
    this.#tokens -= granted * cost;
    return granted;
  }

  /** Notes that a peer is asked for all contact infos of a partition. */
  ask({ ip, port }: Place, maskBits: number, partition: number): void {
    const openedMs = this.#clock.monoMs();
    const address = addressKey(ip, port);
    if (this.#find(address, partition)) return;
    const nothing = { seen: new Set<number>(), recaptured: 0 };
    this.#open.push({ address, maskBits, partition, openedMs, known: this.known(), ...nothing });
  }

  /** Whether a sample of a partition is expected from a peer. */
  isAsked({ ip, port }: Place, partition: number): boolean {
    return this.#open.length > 0 && this.#find(addressKey(ip, port), partition) !== undefined;
  }

  /** Notes a usual request. */
  noteUsual({ ip, port }: Place, partition: number): void {
    const place = this.#usual++ % REMEMBERED;
    this.#usualOf[place] = addressKey(ip, port);
    this.#usualFor[place] = partition;
    this.#usualMs[place] = this.#clock.monoMs();
  }

  /** Whether the answer to a usual request for a partition may still be under way from a peer. */
  isUsualUnderWay({ ip, port }: Place, partition: number): boolean {
    const sinceMs = this.#clock.monoMs() - OPEN_MS;
    const address = addressKey(ip, port);
    for (let i = 0; i < REMEMBERED; i++) {
      if (this.#usualMs[i]! < sinceMs || this.#usualFor[i] !== partition) continue;
      if (this.#usualOf[i] === address) return true;
    }
    return false;
  }

  /** Whether an answer from an address may belong to a sample. */
  isOpen(ip: number, port: number): boolean {
    if (this.#open.length === 0) return false;
    this.#closeOld(this.#clock.monoMs());
    const address = addressKey(ip, port);
    return this.#open.some((sample) => sample.address === address);
  }

  /** The sample that a value from an address belongs to: a contact info, with a hash that was asked for. */
  sampleOf(
    ip: number,
    port: number,
    records: RegionColumns<'records'>,
    row: number,
  ): OpenSample | undefined {
    if (records.kind[row] !== Kind.CONTACT_INFO) return undefined;
    const address = addressKey(ip, port);
    const word = readU32(records.hash, row * HASH_BYTES + 4);
    return this.#open.find(
      (sample) =>
        sample.address === address && word >>> (32 - sample.maskBits) === sample.partition,
    );
  }

  /** Whether we had a fresh contact info of a key when a sample was sent; asked before its answer is taken in. */
  wasKnown(sample: OpenSample, keys: Uint8Array, keyAt: number): boolean {
    const times = this.#sightings.of(keys, keyAt);
    if (!times || times.firstMs >= sample.openedMs) return false;
    if (this.#isFreshInTable(keys, keyAt)) return true;
    const waiting = this.#unproved.get(keys, keyAt);
    return waiting !== undefined && this.#isFresh(waiting.wallclock);
  }

  /** Counts a node of a sample. */
  capture(
    sample: OpenSample,
    keys: Uint8Array,
    keyAt: number,
    wallclock: number,
    wasKnown: boolean,
  ): void {
    const key = readU32(keys, keyAt) * 65_536 + (readU32(keys, keyAt + 4) >>> 16);
    const { seen } = sample;
    if (equalBytes(keys, keyAt, this.#ownKey, 0, PUBKEY_BYTES)) return;
    if (!this.#isFresh(wallclock) || seen.has(key) || seen.size >= MOST_CAPTURED) return;
    seen.add(key);
    if (wasKnown) sample.recaptured++;
  }

  /** Nodes whose fresh contact info we have, ourselves not counted. */
  known(): number {
    const monoMs = this.#clock.monoMs();
    if (monoMs - this.#countedMs >= RECOUNT_MS) this.#recount(monoMs);
    const held = this.#view.countOfKind(Kind.CONTACT_INFO) + this.#unproved.size;
    // Not counted anew now and then: a list that is short has none to spare.
    const ourselves = this.#view.find(Kind.CONTACT_INFO, 0, this.#ownKey, 0) < 0 ? 0 : 1;
    return Math.max(0, held - ourselves - this.#staleCount);
  }

  /** What came of the samples of the last three minutes. */
  samples(monoMs: number): readonly CoverageSample[] {
    this.#closeOld(monoMs);
    this.#closed = this.#closed.filter(({ atMs }) => monoMs - atMs <= KEPT_MS);
    return this.#closed;
  }

  #find(address: number, partition: number): OpenSample | undefined {
    return this.#open.find((o) => o.address === address && o.partition === partition);
  }

  #isFresh(wallclock: number): boolean {
    const ageMs = this.#clock.wallMs() - wallclock;
    return ageMs <= FRESH_MS && ageMs >= -FUTURE_MS;
  }

  #closeOld(monoMs: number): void {
    for (let first = this.#open[0]; first; first = this.#open[0]) {
      const { seen, recaptured, known, openedMs } = first;
      if (monoMs - openedMs <= OPEN_MS) return;
      this.#open.shift();
      if (seen.size === 0) continue;
      this.#closed.push({ atMs: openedMs, captured: seen.size, recaptured, known });
      if (this.#closed.length > KEPT) this.#closed.shift();
    }
  }

  /** Counts what is held and not to be counted: the stale, and who is held twice. */
  #recount(monoMs: number): void {
    this.#countedMs = monoMs;
    const { columns, kinds } = this.#view;
    let count = 0;
    for (let row = kinds.first(Kind.CONTACT_INFO); row >= 0; row = kinds.next(row)) {
      if (!this.#isFresh(columns.wallclock[row]!)) count++;
    }
    for (const { bytes, wallclock } of this.#unproved.values()) {
      if (!this.#isFresh(wallclock) || this.#isFreshInTable(bytes, ORIGIN_AT)) count++;
    }
    this.#staleCount = count;
  }

  #isFreshInTable(keys: Uint8Array, keyAt: number): boolean {
    const { peers, columns } = this.#view;
    const peer = peers.find(keys, keyAt);
    const row = peer < 0 ? -1 : peers.contactRow(peer);
    return row >= 0 && this.#isFresh(columns.wallclock[row]!);
  }
}
