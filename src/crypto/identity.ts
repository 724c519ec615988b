import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { utils } from '@noble/ed25519';
import { assert, SpyError } from '../util/assert.ts';
import { toBase58 } from '../util/base58.ts';
import { equalBytes } from '../util/bytes.ts';
import { GROUP_ORDER, Point, readScalar, sha512, writeScalar } from './noble.ts';
import { MAX_SIGNED_BYTES, type SignSpan, sodiumSigner } from './sign-sodium.ts';

/** Who we are on the network: a key pair that can sign. The secret half cannot be read from it. */
export interface Identity {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The public key in base58. */
  readonly address: string;
  /**
   * Signs a span and writes 64 bytes; the span and the output may be shared and may overlap.
   * @units at, end, outAt: byte offsets
   */
  sign(bytes: Uint8Array, at: number, end: number, out: Uint8Array, outAt: number): void;
}

/** An identity from a file, with what the operator should know about that file. */
export interface LoadedIdentity extends Identity {
  /** A sentence with what to do when others can read the file; undefined when all is well. */
  readonly warning: string | undefined;
}

/** Seeds by identity, so that no property, log line or JSON ever shows one. */
const SEEDS = new WeakMap<Identity, Uint8Array>();

/**
 * A key pair from a 32-byte seed, or a fresh one from the operating system's randomness.
 *
 * @param load how libsodium is loaded; tests pass what fails or errs
 * @errors AssertionError for a seed of another length
 */
export function createIdentity(
  seed: Uint8Array = utils.randomSecretKey(),
  load?: () => unknown,
): Identity {
  return new SeedIdentity(seed, undefined, load);
}

/** A copy of the 32-byte secret seed: for the key file and for the thread that signs. Never print it. */
export function identitySeed(identity: Identity): Uint8Array {
  const seed = SEEDS.get(identity);
  assert(seed !== undefined, 'identitySeed: an identity that was not made here');
  return seed.slice();
}

/**
 * Reads a key file of the Solana command line: a JSON array of 64 numbers, the secret seed and the
 * public key.
 *
 * @throws SpyError KEY_FILE_MISSING, KEY_FILE_UNREADABLE, KEY_FILE_NOT_JSON, KEY_FILE_LENGTH,
 * KEY_FILE_NUMBERS, KEY_FILE_MISMATCH; none quotes anything from the file
 */
export function readIdentityFile(path: string): LoadedIdentity {
  const { text, mode } = readSmallFile(path);
  const pair = parseKeyPair(path, text);
  // Permission bits mean nothing on Windows, and a pipe has none worth a warning.
  const open = mode !== undefined && process.platform !== 'win32' && (mode & 0o077) !== 0;
  const identity = new SeedIdentity(
    pair.slice(0, 32),
    open
      ? `The key file ${path} can be read by other users of this machine. Run: chmod 600 ${path}`
      : undefined,
  );
  if (!equalBytes(identity.publicKey, 0, pair, 32, 32)) {
    throw new SpyError(
      'KEY_FILE_MISMATCH',
      `The key file ${path} is damaged: its last 32 numbers are not the public key of its first 32. Restore it from a copy or from its seed phrase (solana-keygen recover).`,
    );
  }
  return identity;
}

/**
 * Writes a key file that the Solana command line reads as well, for its owner's eyes only (0600 from
 * the first moment). A file that exists, whatever it holds, is never overwritten.
 *
 * @throws SpyError KEY_FILE_EXISTS, KEY_FILE_UNWRITABLE
 */
export function writeIdentityFile(path: string, identity: Identity): void {
  const text = JSON.stringify([...identitySeed(identity), ...identity.publicKey]);
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') {
      throw new SpyError(
        'KEY_FILE_EXISTS',
        `${path} exists and key files are never overwritten. Choose another path, or move that file away first.`,
        { cause },
      );
    }
    throw unwritable(path, cause);
  }
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (cause) {
    unlinkSync(path); // ours, and half a key is worse than none
    throw unwritable(path, cause);
  } finally {
    closeSync(file);
  }
}

/**
 * Signs as RFC 8032 (5.1.6) says: through libsodium where that loads and agrees with OpenSSL on this key,
 * else by noble.
 */
class SeedIdentity implements LoadedIdentity {
  readonly publicKey: Uint8Array;
  readonly address: string;
  readonly warning: string | undefined;
  readonly #quick: SignSpan | undefined;
  #noble: NobleSigner | undefined;

  constructor(seed: Uint8Array, warning: string | undefined, load?: () => unknown) {
    assert(seed.length === 32, 'createIdentity: a seed has 32 bytes');
    SEEDS.set(this, seed.slice());
    const sodium = sodiumSigner(seed, true, load);
    if (sodium && agreesWithOpenssl(seed, sodium)) {
      this.publicKey = sodium.publicKey;
      this.#quick = sodium.sign;
    } else {
      this.#noble = new NobleSigner(seed);
      this.publicKey = this.#noble.publicKey;
    }
    this.address = toBase58(this.publicKey);
    this.warning = warning;
  }

  sign(bytes: Uint8Array, at: number, end: number, out: Uint8Array, outAt: number): void {
    assert(at <= end && end <= bytes.length, 'sign: a span outside its bytes');
    assert(outAt + 64 <= out.length, 'sign: no room for 64 bytes');
    if (this.#quick && end - at <= MAX_SIGNED_BYTES) this.#quick(bytes, at, end, out, outAt);
    else this.#slow().sign(bytes, at, end, out, outAt);
  }

  /** noble's way, which costs 40 ms to begin with: only for what libsodium does not do. */
  #slow(): NobleSigner {
    this.#noble ??= new NobleSigner(SEEDS.get(this)!);
    return this.#noble;
  }
}

/** What two libraries sign once, to be compared. */
const PROBE = Uint8Array.from({ length: 32 }, (_, i) => i);

/** What stands before the seed of an Ed25519 key in DER. @source RFC 8410, section 7 */
const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/**
 * Whether libsodium derives the public key from a seed and signs with it as OpenSSL does: Ed25519
 * signatures are a function of key and message, and two libraries do not err in the same way.
 */
function agreesWithOpenssl(
  seed: Uint8Array,
  { publicKey, sign: signSpan }: { publicKey: Uint8Array; sign: SignSpan },
): boolean {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const signature = new Uint8Array(64);
  signSpan(PROBE, 0, PROBE.length, signature, 0);
  try {
    const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const { x = '' } = createPublicKey(secret).export({ format: 'jwk' });
    const isSameKey = Buffer.from(publicKey).toString('base64url') === x;
    return isSameKey && equalBytes(sign(null, PROBE, secret), 0, signature, 0, 64);
  } catch {
    return false; // an OpenSSL without Ed25519: noble it is
  } finally {
    der.fill(0);
  }
}

/** noble's constant-time multiplication of the base point; its own `sign` derives the public key each time. */
class NobleSigner {
  readonly publicKey: Uint8Array;
  readonly #scalar: bigint;
  readonly #prefix: Uint8Array;

  constructor(seed: Uint8Array) {
    const { scalar, prefix, pointBytes } = utils.getExtendedPublicKey(seed);
    this.publicKey = pointBytes;
    this.#scalar = scalar;
    this.#prefix = prefix;
  }

  sign(bytes: Uint8Array, at: number, end: number, out: Uint8Array, outAt: number): void {
    // One copy for both hashes: were the message to change between them, the secret would leak.
    const length = end - at;
    const work = new Uint8Array(64 + length);
    work.set(bytes.subarray(at, end), 64);
    work.set(this.#prefix, 32);
    const r = readScalar(sha512(work.subarray(32)), 0, 64) % GROUP_ORDER;
    work.set(Point.BASE.multiply(r).toBytes(), 0);
    work.set(this.publicKey, 32);
    const k = readScalar(sha512(work), 0, 64) % GROUP_ORDER;
    out.set(work.subarray(0, 32), outAt);
    writeScalar(out, outAt + 32, (r + k * this.#scalar) % GROUP_ORDER);
  }
}

/** No key file is longer than 64 numbers of three digits; white space may make it longer. */
const MAX_FILE_BYTES = 4096;

/** Reads what may be a pipe or an endless device: no more than a key file can hold. */
function readSmallFile(path: string): { text: string; mode: number | undefined } {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const bytes = new Uint8Array(MAX_FILE_BYTES);
    let size = 0;
    for (;;) {
      const read = readSync(file, bytes, size, bytes.length - size, null);
      if (read === 0) break;
      size += read;
    }
    const stat = fstatSync(file);
    return {
      text: new TextDecoder().decode(bytes.subarray(0, size)),
      mode: stat.isFile() ? stat.mode : undefined,
    };
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    closeSync(file);
  }
}

function parseKeyPair(path: string, text: string): Uint8Array {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not passed on as the cause: the parser's words quote the file, that is, the secret.
    parsed = undefined;
  }
  if (!Array.isArray(parsed)) {
    throw new SpyError(
      'KEY_FILE_NOT_JSON',
      `${path} is not a key file: it should hold a JSON array of 64 numbers, as solana-keygen writes it. Give the path of such a file.`,
    );
  }
  if (parsed.length !== 64) {
    throw new SpyError(
      'KEY_FILE_LENGTH',
      `The key file ${path} holds ${parsed.length} numbers instead of 64 (secret and public key). Give a key file as solana-keygen writes it.`,
    );
  }
  const pair = new Uint8Array(64);
  for (const [i, number] of (parsed as unknown[]).entries()) {
    if (!Number.isInteger(number) || (number as number) < 0 || (number as number) > 255) {
      throw new SpyError(
        'KEY_FILE_NUMBERS',
        `Entry ${i + 1} of the key file ${path} is no whole number from 0 to 255. Restore the file from a copy.`,
      );
    }
    pair[i] = number as number;
  }
  return pair;
}

function unreadable(path: string, cause: unknown): SpyError {
  return errorCode(cause) === 'ENOENT'
    ? new SpyError(
        'KEY_FILE_MISSING',
        `There is no key file at ${path}. Check the path, or leave it out to use a fresh key.`,
        { cause },
      )
    : new SpyError(
        'KEY_FILE_UNREADABLE',
        `The key file ${path} cannot be read (${errorCode(cause)}). Check that it is a file and that this user may read it.`,
        { cause },
      );
}

function unwritable(path: string, cause: unknown): SpyError {
  return new SpyError(
    'KEY_FILE_UNWRITABLE',
    `The key file ${path} cannot be written (${errorCode(cause)}). Check that its folder exists, has room and may be written by this user.`,
    { cause },
  );
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
