import { Outcome, outcomeStage } from '../../src/util/outcome.ts';
import { decodePacket } from '../../src/wire/decode.ts';
import type { DecodedValue } from '../../src/wire/decoded.ts';
import { encodeMessage } from '../../src/wire/encode.ts';
import {
  INFLATE_BYTES,
  KIND_NAMES,
  Kind,
  MAX_FORK_SLOTS,
  MESSAGE_NAMES,
  PACKET_BYTES,
} from '../../src/wire/limits.ts';
import { PacketMutator } from './packet-mutator.ts';
import { packetSeeds } from './packet-seeds.ts';
import { Finding, type FuzzContext, type FuzzTarget, type Runner } from './target.ts';

/** Values whose slots are asked for, which are up to 65,535 and take 20 ms. */
const SLOTS_EVERY = 8;

/** Decodes for people, encodes, and decodes again. */
class RoundtripRunner implements Runner {
  readonly #context: FuzzContext;
  readonly #mutator: PacketMutator;
  #runs = 0;

  constructor(context: FuzzContext) {
    this.#context = context;
    this.#mutator = new PacketMutator(context.rng);
  }

  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    return this.#mutator.mutate(input, other);
  }

  run(input: Uint8Array): number {
    const { outcome, message } = decodePacket(input);
    if (message === null) return -outcome;
    const encoded = encodeMessage(message);
    // Decoding keeps everything, also what validators would write in another way.
    const same = encoded.length === input.length && encoded.every((byte, i) => byte === input[i]);
    if (!same) {
      const at = encoded.findIndex((byte, i) => byte !== input[i]);
      throw new Finding(
        `${message.message} is encoded in ${encoded.length} bytes, not ${input.length}; the first difference is at ${at}`,
      );
    }
    this.#context.reach(`${message.message}${outcome === Outcome.OK ? '' : ', not allowed'}`);
    let kinds = 0;
    if ('values' in message) {
      for (const value of message.values) {
        const { kind, canonical } = value;
        this.#context.reach(kind);
        if (!canonical) this.#context.reach(`${kind}, not canonical`);
        if (this.#runs++ % SLOTS_EVERY === 0) slotsOf(value);
        kinds |= 1 << (KIND_NAMES.indexOf(kind) + (canonical ? 0 : 14));
      }
    }
    const stage = outcomeStage(outcome) === 'sanitize' ? 1 : 0;
    return ((MESSAGE_NAMES.indexOf(message.message) + 1) * 2 + stage) * 2 ** 28 + kinds;
  }
}

/** Works out the slots that a value names, within what a value can name. */
function slotsOf(value: DecodedValue): void {
  if (value.kind === 'RestartLastVotedForkSlots') {
    const { length } = value.slots;
    if (length > MAX_FORK_SLOTS) throw new Finding(`a fork of ${length} slots`);
  } else if (value.kind === 'EpochSlots') {
    const most = 8 * PACKET_BYTES; // a bitmap as it is; deflated ones end at 2,048 bytes
    const [first] = value.entries;
    const count = first?.slots.length ?? 0;
    if (count > Math.max(most, 8 * INFLATE_BYTES)) throw new Finding(`an entry of ${count} slots`);
  }
}

/** Datagrams, there and back. */
export const target: FuzzTarget = {
  name: 'roundtrip',
  about: 'decodes a datagram for people and encodes it: the same bytes',
  branches:
    /^src\/wire\/(decode|encode-message|encode-value|reader|writer|epoch-slots|fork-slots|inflate)/,
  canaries: [
    ...MESSAGE_NAMES,
    ...Object.values(Kind).map((kind) => KIND_NAMES[kind]!),
    'ContactInfo, not canonical',
    'EpochSlots, not canonical',
    'RestartLastVotedForkSlots, not canonical',
    'PushMessage, not allowed',
    'PruneMessage, not allowed',
    'PullRequest, not allowed',
  ],
  maxBytes: PACKET_BYTES,
  seeds: () => packetSeeds(),
  open: (context) => new RoundtripRunner(context),
};
