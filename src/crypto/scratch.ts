import { assert } from '../util/assert.ts';
import { copyBytes } from '../util/bytes.ts';

/**
 * Longest message that is copied without allocating: a whole packet of 1,232 bytes with room for what
 * is put in front of a prune. Longer ones never come from the wire.
 */
const MESSAGE_BYTES = 1280;

const KEY_AT = 0;
const SIGNATURE_AT = 32;
const MESSAGE_AT = 96;

/**
 * A thread's own copy of one key, signature and message. libsodium's binding answers undefined for
 * views of shared memory, so nothing shared may reach it; and it takes the length of a message from
 * the view, so there is one view a length, made when first needed and kept.
 */
export class VerifyScratch {
  readonly #memory = Buffer.alloc(MESSAGE_AT + MESSAGE_BYTES);
  readonly key = this.#memory.subarray(KEY_AT, SIGNATURE_AT);
  readonly signature = this.#memory.subarray(SIGNATURE_AT, MESSAGE_AT);
  readonly #messages: Buffer[] = [];
  /** Exactly the message last filled in. */
  message: Buffer = this.#memory.subarray(MESSAGE_AT, MESSAGE_AT);

  constructor() {
    for (let n = 0; n <= MESSAGE_BYTES; n++) this.#messages.push(this.message);
  }

  /** Copies all three parts. @units all offsets in bytes */
  fill(
    keyBytes: Uint8Array,
    keyAt: number,
    signatureBytes: Uint8Array,
    signatureAt: number,
    messageBytes: Uint8Array,
    messageAt: number,
    messageEnd: number,
  ): void {
    assert(keyAt + 32 <= keyBytes.length, 'verify: a key outside its bytes');
    assert(signatureAt + 64 <= signatureBytes.length, 'verify: a signature outside its bytes');
    assert(
      messageAt <= messageEnd && messageEnd <= messageBytes.length,
      'verify: a message outside its bytes',
    );
    copyBytes(keyBytes, keyAt, this.#memory, KEY_AT, 32);
    copyBytes(signatureBytes, signatureAt, this.#memory, SIGNATURE_AT, 64);
    const length = messageEnd - messageAt;
    if (length > MESSAGE_BYTES) {
      this.message = Buffer.from(messageBytes.slice(messageAt, messageEnd));
      return;
    }
    copyBytes(messageBytes, messageAt, this.#memory, MESSAGE_AT, length);
    let view = this.#messages[length]!;
    if (view.length !== length) {
      view = this.#memory.subarray(MESSAGE_AT, MESSAGE_AT + length);
      this.#messages[length] = view;
    }
    this.message = view;
  }
}
