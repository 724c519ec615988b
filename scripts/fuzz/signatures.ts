/** Signatures of every sort that anybody could send, made cheaply: by the thousand a second, not by the dozen. */
import { createHash } from 'node:crypto';
import { GROUP_ORDER, Point, readScalar, writeScalar } from '../../src/crypto/noble.ts';
import { SMALL_ORDER_ENCODINGS } from '../../src/crypto/small-order.ts';
import { fromHex } from '../../src/util/bytes.ts';
import type { Rng } from '../../src/util/rng.ts';

/** Secrets, and commitments, each in eight variants: plus each point of small order. */
const SECRETS = 12;
const NONCES = 48;
const TORSIONS = 8;

/** Longest message: whatever fits a datagram. */
const MAX_MESSAGE = 1_232;

/** One signature to be judged. */
export interface MadeSignature {
  /** Number of the key in `keys`, or −1 for one of its own. */
  readonly known: number;
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  /** What was done, for canaries and reports. */
  readonly sort: string;
}

/** What is damaged, after a signature was made as it should be. */
const DAMAGES = [
  'R',
  'S',
  'message',
  'S + L',
  'S random',
  'R random',
  'R small',
  'S zero',
] as const;

/** Makes signatures of a fixed set of keys, from randomness that is given. */
export class SignatureMaker {
  /** Key numbers are secret × 8 + torsion: torsion 0 is the honest key, the others are of mixed order. */
  readonly keys: readonly Uint8Array[];
  readonly #secrets: readonly bigint[];
  readonly #nonces: readonly bigint[];
  readonly #commitments: readonly Uint8Array[];

  constructor(rng: Rng) {
    const torsion = torsionPoints();
    this.#secrets = Array.from({ length: SECRETS }, () => randomScalar(rng));
    this.#nonces = Array.from({ length: NONCES }, () => randomScalar(rng));
    const variants = (scalar: bigint): Uint8Array[] => {
      const point = Point.BASE.multiply(scalar, false);
      return torsion.map((t) => point.add(t).toBytes());
    };
    this.keys = this.#secrets.flatMap(variants);
    this.#commitments = this.#nonces.flatMap(variants);
  }

  /** A signature of one of the keys: half of them good, the others wrong in one way. */
  make(rng: Rng): MadeSignature {
    const message = new Uint8Array(rng.below(rng.below(8) === 0 ? MAX_MESSAGE + 1 : 200));
    rng.fill(message);
    const secret = rng.below(SECRETS);
    const keyTorsion = rng.below(3) === 0 ? rng.below(TORSIONS) : 0;
    const nonce = rng.below(NONCES);
    const torsion = rng.below(4) === 0 ? rng.below(TORSIONS) : 0;
    const known = secret * TORSIONS + keyTorsion;
    const key = this.keys[known]!;
    const signature = new Uint8Array(64);
    signature.set(this.#commitments[nonce * TORSIONS + torsion]!);
    const k = challenge(signature, key, message);
    const s = (this.#nonces[nonce]! + k * this.#secrets[secret]!) % GROUP_ORDER;
    writeScalar(signature, 32, s);
    let sort = `${keyTorsion === 0 ? 'honest' : 'mixed'} key, ${torsion === 0 ? 'honest' : 'mixed'} R`;
    if (rng.below(2) === 0) {
      const damage = DAMAGES[rng.below(DAMAGES.length)]!;
      spoil(damage, signature, message, s, rng);
      sort = damage;
    }
    return { known, key, signature, message, sort };
  }

  /** A key that is none of ours: damaged, random, of small order, not canonical. */
  strangeKey(rng: Rng): Uint8Array {
    const key = this.keys[rng.below(this.keys.length)]!.slice();
    switch (rng.below(5)) {
      case 0:
        flip(key, rng);
        break;
      case 1:
        rng.fill(key);
        break;
      case 2:
        key.set(fromHex(SMALL_ORDER_ENCODINGS[rng.below(SMALL_ORDER_ENCODINGS.length)]!)!);
        key[31]! |= rng.below(2) << 7;
        break;
      case 3: // y = p + 0 to p + 18
        key.fill(0xff);
        key[0] = 0xed + rng.below(19);
        key[31] = 0x7f | (rng.below(2) << 7);
        break;
      default: // a small y, most of which are honest points
        key.fill(0);
        key[0] = rng.below(256);
        key[31] = rng.below(2) << 7;
    }
    return key;
  }

  /** A signature over a strange key: of another key's, or S and R that fit each other and nothing else. */
  makeStrange(key: Uint8Array, rng: Rng): MadeSignature {
    const made = this.make(rng);
    const { signature, message } = made;
    if (rng.below(2) === 0) {
      // R = S B, which a key of small order would turn into a good signature for one message in eight.
      const nonce = rng.below(NONCES);
      signature.set(this.#commitments[nonce * TORSIONS + rng.below(TORSIONS)]!);
      writeScalar(signature, 32, this.#nonces[nonce]!);
    }
    return { known: -1, key, signature, message, sort: 'strange key' };
  }
}

function spoil(
  damage: (typeof DAMAGES)[number],
  signature: Uint8Array,
  message: Uint8Array,
  s: bigint,
  rng: Rng,
): void {
  switch (damage) {
    case 'R':
      flip(signature.subarray(0, 32), rng);
      break;
    case 'S':
      flip(signature.subarray(32), rng);
      break;
    case 'message':
      flip(message, rng);
      break;
    case 'S + L':
      writeScalar(signature, 32, s + GROUP_ORDER * BigInt(1 + rng.below(14)));
      break;
    case 'S random':
      rng.fill(signature, 32);
      break;
    case 'R random':
      rng.fill(signature, 0, 32);
      break;
    case 'R small':
      signature.set(fromHex(SMALL_ORDER_ENCODINGS[rng.below(SMALL_ORDER_ENCODINGS.length)]!)!);
      signature[31]! |= rng.below(2) << 7;
      break;
    default:
      signature.fill(0, 32);
  }
}

function flip(bytes: Uint8Array, rng: Rng): void {
  if (bytes.length > 0) bytes[rng.below(bytes.length)]! ^= 1 << rng.below(8);
}

function randomScalar(rng: Rng): bigint {
  const bytes = new Uint8Array(64);
  rng.fill(bytes);
  return (readScalar(bytes, 0, 64) % (GROUP_ORDER - 1n)) + 1n;
}

function challenge(signature: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  const hash = createHash('sha512').update(signature.subarray(0, 32)).update(key).update(message);
  return readScalar(hash.digest(), 0, 64) % GROUP_ORDER;
}

/** The eight points whose order divides 8, the identity first: multiples of one of order 8. */
function torsionPoints(): Point[] {
  const generator = Point.fromBytes(fromHex(SMALL_ORDER_ENCODINGS[3]!)!, true);
  const points = [Point.ZERO];
  for (let i = 1; i < TORSIONS; i++) points.push(points[i - 1]!.add(generator));
  return points;
}
