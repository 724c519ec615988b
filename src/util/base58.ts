import { base58 } from '@scure/base';

/** Base58 of a span, as keys, signatures and chain hashes are written everywhere in Solana. */
export function toBase58(bytes: Uint8Array, at = 0, end = bytes.length): string {
  return base58.encode(bytes.slice(at, end));
}

/** @returns the 32 bytes of a public key or hash (64 of a signature), or undefined when `text` is none */
export function fromBase58(text: string, size: 32 | 64 = 32): Uint8Array | undefined {
  if (text.length < size || text.length > (size === 32 ? 44 : 88)) return undefined;
  try {
    const bytes = base58.decode(text);
    return bytes.length === size ? bytes : undefined;
  } catch {
    return undefined; // a letter outside the alphabet
  }
}
