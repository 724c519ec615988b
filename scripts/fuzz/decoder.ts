import { OUTCOME_COUNT, Outcome, outcomeName, outcomeStage } from '../../src/util/outcome.ts';
import { decodePacket } from '../../src/wire/decode.ts';
import {
  KIND_NAMES,
  Kind,
  MAX_VALUES,
  MESSAGE_NAMES,
  PACKET_BYTES,
} from '../../src/wire/limits.ts';
import {
  canonicalizeValue,
  createValueColumns,
  PacketFields,
  skim,
  skimValue,
  VALUE_NOT_CANONICAL,
} from '../../src/wire/skim.ts';
import { HeapMeter } from './heap-meter.ts';
import { PacketMutator } from './packet-mutator.ts';
import { packetSeeds } from './packet-seeds.ts';
import { Finding, type FuzzContext, type FuzzTarget, type Runner } from './target.ts';

/** Bytes around the datagram that no rule may depend on. */
const MARGIN = 9;

/** Inputs that are also decoded for people, which takes twenty times as long, and measured. */
const DECODE_EVERY = 32;
const MEASURE_EVERY = 4_096;

/** Refusals that a datagram alone can meet. */
const REFUSALS = Array.from({ length: OUTCOME_COUNT }, (_, i) => -i).filter((code) => {
  const stage = code === 0 ? '' : outcomeStage(code);
  return stage === 'decode' || stage === 'sanitize';
});

/** Skims, compares with decoding, and with the values taken alone. */
class DecoderRunner implements Runner {
  readonly #context: FuzzContext;
  readonly #mutator: PacketMutator;
  readonly #packet = new PacketFields();
  readonly #columns = createValueColumns(MAX_VALUES + 1);
  readonly #alone = createValueColumns(2);
  readonly #room = new Uint8Array(PACKET_BYTES + 64);
  readonly #heap = new HeapMeter();
  #runs = 0;

  constructor(context: FuzzContext) {
    this.#context = context;
    this.#mutator = new PacketMutator(context.rng);
  }

  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    return this.#mutator.mutate(input, other);
  }

  run(input: Uint8Array): number {
    const outcome = this.#skim(input);
    if (this.#runs++ % DECODE_EVERY === 0) this.#decode(input, outcome);
    if (this.#runs % MEASURE_EVERY === 0) this.#measure(input);
    const { message, valueCount } = this.#packet;
    let kinds = 0;
    if (outcome === 0) {
      for (let row = 0; row < valueCount; row++) {
        kinds |= 1 << (this.#columns.kind[row]! + 14 * (this.#columns.flags[row]! & 1));
      }
    }
    return (-outcome * 8 + message + 1) * 2 ** 28 + kinds;
  }

  #skim(input: Uint8Array): number {
    const room = this.#room;
    const { length } = input;
    const end = MARGIN + length;
    room.fill(0xff, 0, MARGIN);
    room.set(input, MARGIN);
    room.fill(0xff, end, Math.min(room.length, end + MARGIN));
    this.#columns.flags.fill(0);
    const packet = this.#packet;
    const outcome = skim(room, MARGIN, end, packet, this.#columns, 0);
    check(outcome <= 0 && outcome > -OUTCOME_COUNT, () => `skim says ${outcome}`);
    if (outcome < 0) {
      const stage = outcomeStage(outcome);
      check(stage === 'decode' || stage === 'sanitize', () => `skim says ${outcomeName(outcome)}`);
      const { failedAt } = packet;
      check(
        failedAt >= MARGIN && failedAt <= end,
        () => `a fault at ${failedAt - MARGIN} of ${length}`,
      );
      this.#context.reach(outcomeName(outcome));
      return outcome;
    }
    this.#context.reach(`accepts ${MESSAGE_NAMES[packet.message]}`);
    for (let row = 0; row < packet.valueCount; row++) this.#value(row, end);
    return outcome;
  }

  /** An accepted value lies within, is accepted alone, and its canonical form is one. */
  #value(row: number, end: number): void {
    const { offset, length, origin, kind, flags, wallclock, index } = this.#columns;
    const at = offset[row]!;
    const valueEnd = at + length[row]!;
    check(
      at >= MARGIN && valueEnd <= end && at < valueEnd,
      () => `value ${row} at ${at}–${valueEnd}`,
    );
    check(origin[row]! > at && origin[row]! + 32 <= valueEnd, () => `origin at ${origin[row]}`);
    const value = this.#room.slice(at, valueEnd);
    const alone = this.#alone;
    alone.flags.fill(0);
    const outcome = skimValue(value, 0, value.length, alone, 0);
    check(outcome === 0, () => `a value is refused alone: ${outcomeName(outcome)}`);
    check(alone.flags[0] === flags[row], () => `alone its form is ${alone.flags[0]}`);
    const isCanonical = (flags[row]! & VALUE_NOT_CANONICAL) === 0;
    const shorter = canonicalizeValue(value, alone, 0);
    check(shorter <= value.length, () => 'its canonical form is longer');
    check(!isCanonical || shorter === value.length, () => 'a canonical value was rewritten');
    const again = skimValue(value, 0, shorter, alone, 1);
    check(again === 0, () => `its canonical form is refused: ${outcomeName(again)}`);
    check(alone.flags[1] === 0, () => 'its canonical form is not canonical');
    const same =
      alone.kind[1] === kind[row] &&
      alone.wallclock[1] === wallclock[row] &&
      alone.index[1] === index[row];
    check(same, () => 'its canonical form says something else');
    this.#context.reach(`takes ${KIND_NAMES[kind[row]!]}${isCanonical ? '' : ', rewritten'}`);
  }

  /** Decoding trusts skimming: same verdict, a message exactly when the form is right, no throw. */
  #decode(input: Uint8Array, outcome: number): void {
    const decoded = decodePacket(input);
    check(decoded.outcome === outcome, () => {
      return `skimmed ${outcomeName(outcome)}, decoded ${outcomeName(decoded.outcome)}`;
    });
    const isFormed = outcome === 0 || outcomeStage(outcome) === 'sanitize';
    check((decoded.message !== null) === isFormed, () => `a message of ${outcomeName(outcome)}`);
    if (outcome !== 0 || decoded.message === null || !('values' in decoded.message)) return;
    const { values } = decoded.message;
    check(values.length === this.#packet.valueCount, () => `${values.length} values decoded`);
    for (const [row, value] of values.entries()) {
      const at = this.#columns.offset[row]! - MARGIN;
      const same = value.offset === at && value.length === this.#columns.length[row]!;
      check(same, () => `value ${row} at ${value.offset}, ${value.length} bytes, decoded`);
      check(KIND_NAMES[this.#columns.kind[row]!] === value.kind, () => `decoded as ${value.kind}`);
      const clock = Number(value.wallclock);
      check(clock === this.#columns.wallclock[row], () => `decoded a wallclock of ${clock}`);
    }
  }

  /** No count of the wire may be believed: skimming leaves next to nothing on the heap. */
  #measure(input: Uint8Array): void {
    const bytes = this.#heap.measure(() =>
      skim(input, 0, input.length, this.#packet, this.#columns, 0),
    );
    check(bytes < 65_536, () => `skimming allocates ${bytes} bytes`);
  }
}

/** Datagrams, judged. */
export const target: FuzzTarget = {
  name: 'decoder',
  about: 'skims a datagram: one outcome, nothing outside it read, decoding agrees, nothing thrown',
  branches: /^src\/wire\/(skim|cursor|canonical)/,
  canaries: [
    ...REFUSALS.map(outcomeName),
    ...MESSAGE_NAMES.map((name) => `accepts ${name}`),
    ...Object.values(Kind).map((kind) => `takes ${KIND_NAMES[kind]}`),
    ...[Kind.CONTACT_INFO, Kind.EPOCH_SLOTS, Kind.RESTART_LAST_VOTED_FORK_SLOTS].map(
      (kind) => `takes ${KIND_NAMES[kind]}, rewritten`,
    ),
  ],
  maxBytes: PACKET_BYTES + 8,
  seeds: () => packetSeeds(),
  open: (context) => new DecoderRunner(context),
};

function check(holds: boolean, words: () => string): void {
  if (!holds) throw new Finding(words());
}

/** What a datagram comes to, for comparing with other judges. */
export function stageOf(input: Uint8Array): 'accept' | 'decode' | 'sanitize' {
  const { outcome } = decodePacket(input);
  if (outcome === Outcome.OK) return 'accept';
  return outcomeStage(outcome) === 'sanitize' ? 'sanitize' : 'decode';
}
