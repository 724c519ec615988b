import { Route, type RowCopy } from '../crds/view.ts';
import { toBase58 } from '../util/base58.ts';
import { equalBytes, readU32 } from '../util/bytes.ts';
import { PUBKEY_BYTES } from '../wire/limits.ts';
import type { Via } from './changes.ts';

/** Senders whose keys are known in base58; on mainnet some hundred send us nearly everything. */
const MOST_SENDERS = 4_096;

/** What came from ourselves. */
export const OWN: Via = Object.freeze({ route: 'own', from: null });

interface Sender {
  readonly key: Uint8Array;
  readonly push: Via;
  readonly pull: Via;
}

/** Says how values came to us, without working out base58 each time. */
export class ViaReader {
  readonly #senders = new Map<number, Sender>();

  /** How the value of a row came. */
  read({ route, sender }: RowCopy): Via {
    return this.of(route, sender, 0);
  }

  /** How something came by a route. @shape keys: the sender at `at` */
  of(route: number, keys: Uint8Array, at: number): Via {
    if (route === Route.LOCAL) return OWN;
    const known = this.#find(keys, at);
    return route === Route.PULL ? known.pull : known.push;
  }

  #find(keys: Uint8Array, at: number): Sender {
    const tag = readU32(keys, at);
    const found = this.#senders.get(tag);
    if (found && equalBytes(found.key, 0, keys, at, PUBKEY_BYTES)) return found;
    if (this.#senders.size >= MOST_SENDERS) this.#senders.clear();
    const key = keys.slice(at, at + PUBKEY_BYTES);
    const from = isZero(key) ? null : toBase58(key);
    const made: Sender = {
      key,
      push: Object.freeze({ route: 'push', from }),
      pull: Object.freeze({ route: 'pull', from }),
    };
    this.#senders.set(tag, made);
    return made;
  }
}

/** Of what was read from a file of ours it is not known who sent it. */
const isZero = (key: Uint8Array): boolean => key.every((byte) => byte === 0);
