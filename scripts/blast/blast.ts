import { writeFileSync } from 'node:fs';
import { MadeUpNodes } from '../../src/cli/made-up/nodes.ts';
import { DatagramSender, type Sending, sendPaced } from '../../src/cli/made-up/paced-sender.ts';
import { sha256Hex } from '../../src/crypto/hash.ts';
import { createQuickIdentity } from '../../src/crypto/quick-identity.ts';
import { SpyError } from '../../src/util/assert.ts';
import type { Clock } from '../../src/util/clock.ts';
import { type Rng, seededRng } from '../../src/util/rng.ts';
import { writeValuesHeader } from '../../src/wire/encode.ts';
import { Message, VALUES_HEADER_BYTES } from '../../src/wire/limits.ts';
import { Expectation } from './expectation.ts';
import { LiveValues } from './live-values.ts';
import { makeContact, makeOrigins, makeValue, type Origin } from './made-up-values.ts';
import { type NewValues, Traffic, type TrafficCounts } from './traffic.ts';

/** Contact infos a second: each costs the target a ping, and made-up nodes answer one by one. */
const CONTACT_RATE = 3_000;

/** Between two rounds of contact infos. */
const SETTLE_MS = 500;

/** Ports of made-up nodes: each blast has its own, with the next ones for what contact infos name. */
const FIRST_PORT = 8600;
const PORTS_EACH = 20;
const MAX_HOMES = 50;

/** Rounds after which those who were not pinged are given up. */
const MAX_ROUNDS = 40;

/** Contact infos older than this are signed anew: pushed values may be 15 s old. */
const FRESH_MS = 8_000;

/** Serial numbers of values: with so many, labels repeat, and newer values replace older ones. */
const SERIALS = 5_000;

/** Values from which the time to sign all of them is worked out. */
const SAMPLE_VALUES = 500;

/** Values whose clocks are off by more than this when they are sent are signed again. */
const MAX_OFF_MS = 6_000;
const MAX_ATTEMPTS = 3;

/** Longer than this, values are signed as they are sent: in the end their clocks would be too far off. */
const MAX_SIGNED_BEFORE_SECONDS = 60;

/** Values signed between two looks at pings that came in. */
const TURN_VALUES = 100;

/** What is to be sent. */
export interface BlastOptions {
  /** IPv4 as a number. */
  readonly ip: number;
  readonly port: number;
  /** Datagrams a second. */
  readonly rate: number;
  readonly seconds: number;
  /** New values a second. */
  readonly unique: number;
  readonly origins: number;
  readonly duplicates: number;
  readonly garbage: number;
  readonly shredVersion: number;
  readonly seed: number;
  /** Start without waiting until the target believes the addresses of the made-up nodes. */
  readonly cold?: boolean;
  /** Seconds to answer pings afterwards. */
  readonly linger: number;
  /** File for the hashes of the values that the target must hold at the end. */
  readonly expect?: string | undefined;
}

/** What was sent, and what must come of it. */
export interface BlastReport extends TrafficCounts {
  warmSeconds: number;
  provedOrigins: number;
  signSeconds: number;
  /** Contact infos and values that differ. */
  uniqueValues: number;
  /** Values that the target must hold besides its own. */
  labels: number;
  /** SHA-256 over the sorted SHA-256s of those, in hex. */
  winnersSha256: string;
  seconds: number;
  /** Datagrams a second, as it turned out. */
  rate: number;
  /** Datagrams that could not be sent. */
  failed: number;
}

/** A signed value with what the expectation wants to know. */
interface Labelled {
  readonly label: string;
  readonly wallclock: number;
  readonly bytes: Uint8Array;
}

interface Contacts {
  values: Uint8Array[];
  signedMs: number;
}

/** Signed pushes of thousands of made-up nodes, whose addresses answer pings. */
export class Blast {
  readonly #options: BlastOptions;
  readonly #clock: Clock;
  readonly #say: (line: string) => void;
  readonly #rng: Rng;
  #origins: Origin[];
  readonly #sender: Uint8Array;
  readonly #expectation = new Expectation();
  #nodes = new MadeUpNodes();
  #signed = 0;

  constructor(options: BlastOptions, clock: Clock, say: (line: string) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#say = say;
    this.#rng = seededRng(options.seed);
    this.#origins = makeOrigins(options.origins, FIRST_PORT, this.#rng);
    const seed = new Uint8Array(32);
    this.#rng.fill(seed);
    this.#sender = createQuickIdentity(seed).publicKey;
  }

  /** Warms up, signs, sends. @throws SpyError when there are not enough sockets or ports */
  async run(): Promise<BlastReport> {
    const { ip, port, linger, expect } = this.#options;
    await this.#moveIn();
    const sender = await DatagramSender.open('127.0.0.1', ip, port);
    const warmedMs = this.#clock.monoMs();
    const contacts = await this.#warmUp(sender);
    const warmSeconds = (this.#clock.monoMs() - warmedMs) / 1000;
    const provedOrigins = this.#nodes.proved;
    const signedMs = this.#clock.monoMs();
    const values =
      this.#options.seconds > MAX_SIGNED_BEFORE_SECONDS ? this.#signLive() : await this.#sign();
    const signSeconds = (this.#clock.monoMs() - signedMs) / 1000;
    const { sending, counts } = await this.#send(sender, values, contacts.values);
    const { seconds, failed } = sending;
    const report: BlastReport = {
      warmSeconds,
      provedOrigins,
      signSeconds,
      ...counts,
      uniqueValues: this.#signed,
      labels: this.#expectation.labels,
      winnersSha256: this.#expectation.digest(),
      seconds,
      rate: counts.datagrams / seconds,
      failed,
    };
    if (expect !== undefined) writeFileSync(expect, `${this.#expectation.winners().join('\n')}\n`);
    await this.#pause(linger * 1000);
    await sender.close();
    await this.#nodes.close();
    return report;
  }

  /** Opens an address for each made-up node; the port moves on where another blast is at home already. */
  async #moveIn(): Promise<void> {
    for (let attempt = 0; attempt < MAX_HOMES; attempt++) {
      const port = FIRST_PORT + attempt * PORTS_EACH;
      this.#origins = this.#origins.map((origin) => ({ ...origin, port }));
      await this.#nodes.open(this.#origins);
      if (this.#nodes.refused === 0) return;
      await this.#nodes.close();
      if (attempt + 1 < MAX_HOMES) this.#nodes = new MadeUpNodes();
    }
    throw new SpyError('NO_ADDRESSES', `The made-up nodes find no place: ${this.#nodes.reason}.`);
  }

  /** Sends contact infos until every address was asked for, and once more, by which they get in. */
  async #warmUp(sender: DatagramSender): Promise<Contacts> {
    const count = this.#origins.length;
    this.#say(`introducing ${count} made-up nodes`);
    const header = new Uint8Array(VALUES_HEADER_BYTES);
    writeValuesHeader(header, 0, Message.PUSH, this.#sender, 0, 1);
    let contacts = this.#signContacts();
    for (let round = 0, last = 0; round < MAX_ROUNDS; round++) {
      if (this.#clock.wallMs() - contacts.signedMs > FRESH_MS) contacts = this.#signContacts();
      const { values } = contacts;
      // One a packet: a careful target pings one named address for each packet of a stranger.
      const send = (i: number): void => sender.copy(Buffer.concat([header, values[i]!]));
      const due = (ms: number): number => Math.floor((ms * CONTACT_RATE) / 1000);
      await sendPaced(sender, this.#clock, count, due, send);
      await this.#pause(SETTLE_MS);
      if (this.#options.cold || last === count) break;
      last = this.#nodes.proved;
    }
    return contacts;
  }

  #signContacts(): Contacts {
    const signedMs = this.#clock.wallMs();
    const values = this.#origins.map((origin) => {
      const value = makeContact(origin, this.#options.shredVersion, signedMs);
      this.#expect(`ContactInfo 0 ${origin.identity.address}`, signedMs, value);
      return value;
    });
    return { values, signedMs };
  }

  #expect(label: string, wallclock: number, value: Uint8Array): void {
    this.#signed++;
    this.#expectation.add(label, wallclock, sha256Hex(value));
  }

  /** Signs every new value, each with the clock of when it will be sent. */
  async #sign(): Promise<Uint8Array[]> {
    const { unique, seconds } = this.#options;
    const total = Math.round(unique * seconds);
    let takesMs = this.#estimateMs(total);
    for (let attempt = 1; ; attempt++) {
      this.#say(`signing ${total} values`);
      const begunMs = this.#clock.monoMs();
      const startMs = this.#clock.wallMs() + Math.round(takesMs);
      const made = await this.#signFrom(startMs, total);
      takesMs = this.#clock.monoMs() - begunMs;
      const isOff = Math.abs(this.#clock.wallMs() - startMs) > MAX_OFF_MS;
      if (isOff && attempt < MAX_ATTEMPTS) continue; // now it is known how long it takes
      for (const { label, wallclock, bytes } of made) this.#expect(label, wallclock, bytes);
      return made.map(({ bytes }) => bytes);
    }
  }

  async #signFrom(startMs: number, total: number): Promise<Labelled[]> {
    const made: Labelled[] = [];
    for (let n = 0; n < total; n++) {
      const wallclock = startMs + Math.floor((n * 1000) / this.#options.unique);
      made.push(this.#make(wallclock, this.#rng));
      if (n % TURN_VALUES === 0) await new Promise<void>((resolve) => this.#clock.soon(resolve));
    }
    return made;
  }

  /** Signs every new value when it is sent. */
  #signLive(): NewValues {
    const { unique, seconds } = this.#options;
    return new LiveValues(Math.round(unique * seconds), () => {
      const { label, wallclock, bytes } = this.#make(this.#clock.wallMs(), this.#rng);
      this.#expect(label, wallclock, bytes);
      return bytes;
    });
  }

  /** The second half of a sample: the first is spent on warming up. */
  #estimateMs(total: number): number {
    const trial = seededRng(this.#options.seed);
    for (let i = 0; i < SAMPLE_VALUES; i++) this.#make(0, trial);
    const sampledMs = this.#clock.monoMs();
    for (let i = 0; i < SAMPLE_VALUES; i++) this.#make(0, trial);
    return ((this.#clock.monoMs() - sampledMs) / SAMPLE_VALUES) * total;
  }

  #make(wallclock: number, rng: Rng): Labelled {
    const origin = this.#origins[rng.below(this.#origins.length)]!;
    const { kind, index, bytes } = makeValue(origin, rng.below(SERIALS), wallclock, rng);
    return { label: `${kind} ${index} ${origin.identity.address}`, wallclock, bytes };
  }

  async #send(
    sender: DatagramSender,
    values: NewValues,
    contacts: readonly Uint8Array[],
  ): Promise<{ sending: Sending; counts: TrafficCounts }> {
    const { rate, seconds, duplicates, garbage } = this.#options;
    const datagrams = Math.round(rate * seconds);
    const plan = { datagrams, duplicates, garbage };
    const traffic = new Traffic(plan, this.#sender, values, contacts, this.#rng);
    const next = (): void => {
      const length = traffic.write(sender.bytes, sender.at);
      if (length > 0) sender.send(length);
    };
    this.#say(`sending ${datagrams} datagrams at ${rate}/s`);
    const due = (ms: number): number => Math.floor((ms * rate) / 1000);
    const sending = await sendPaced(sender, this.#clock, datagrams, due, next);
    // What did not fit in while it was due.
    while (!traffic.isComplete) next();
    sender.flush();
    this.#say('sent');
    return { sending, counts: traffic.counts };
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}
