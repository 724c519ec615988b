/** Reads what a query string asks for; everything that is wrong is told in a sentence. */
import { SpyError } from '../../util/assert.ts';
import { fromBase58 } from '../../util/base58.ts';
import { networkTest } from '../change-filter.ts';
import { CHANGE_KINDS, type ChangeFilter, type ChangeKind } from '../changes.ts';
import { MAX_PAGE_ROWS } from '../observer-api.ts';
import { HttpError } from './errors.ts';

/** The parameters of a request. */
export class Params {
  readonly #query: URLSearchParams;

  /** @param known names that mean something here: others are refused, as they are most likely misspelt */
  constructor(query: URLSearchParams, known: readonly string[]) {
    this.#query = query;
    for (const name of query.keys()) {
      if (known.includes(name)) continue;
      const names = known.length === 0 ? 'none' : known.join(', ');
      throw bad(
        'PARAMETER_UNKNOWN',
        `There is no parameter ${quoted(name)} here; known: ${names}.`,
      );
    }
  }

  /** A text, undefined when it is left out. */
  text(name: string): string | undefined {
    const values = this.#query.getAll(name);
    if (values.length > 1) throw bad('PARAMETER_TWICE', `${name} stands here more than once.`);
    const [value] = values;
    return value === undefined || value === '' ? undefined : value;
  }

  /** One of a few words. */
  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw bad('PARAMETER_VALUE', `${name}=${quoted(text)} is none of ${words.join(', ')}.`);
  }

  /** Texts, by comma or by repeating. */
  list(name: string): readonly string[] {
    const values = this.#query.getAll(name).flatMap((value) => value.split(','));
    return values.filter((value) => value !== '');
  }

  /** A yes or no. */
  flag(name: string): boolean | undefined {
    const word = this.oneOf(name, ['true', 'false', '1', '0']);
    return word === undefined ? undefined : word === 'true' || word === '1';
  }

  /** A whole number from `low` on. */
  whole(name: string, low: number, high = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    const range = high === Number.MAX_SAFE_INTEGER ? `from ${low}` : `from ${low} to ${high}`;
    throw bad('PARAMETER_VALUE', `${name}=${quoted(text)} is no whole number ${range}.`);
  }

  /** How many rows a page may have. */
  limit(byDefault: number): number {
    return this.whole('limit', 1, MAX_PAGE_ROWS) ?? byDefault;
  }

  /** A public key. */
  pubkey(name: string): string | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : checkPubkey(text);
  }

  /** Which changes are meant. */
  changeFilter(): ChangeFilter {
    const kinds = this.list('kind').map(changeKind);
    const pubkeys = this.list('pubkey').map(checkPubkey);
    const filter = {
      kinds: kinds.length > 0 ? kinds : undefined,
      pubkeys: pubkeys.length > 0 ? pubkeys : undefined,
      version: this.text('version'),
      network: this.network(),
    };
    return filter;
  }

  /** A network in the form that changes are filtered by. */
  network(): string | undefined {
    const network = this.text('network');
    if (network === undefined) return undefined;
    try {
      networkTest(network);
    } catch (error) {
      if (error instanceof SpyError) throw bad('PARAMETER_VALUE', error.message);
      throw error;
    }
    return network;
  }
}

/** Names that `changeFilter` reads. */
export const CHANGE_PARAMETERS = ['since', 'kind', 'pubkey', 'version', 'network'];

/** @throws HttpError NOT_A_PUBKEY */
export function checkPubkey(text: string): string {
  if (fromBase58(text)) return text;
  throw bad(
    'NOT_A_PUBKEY',
    `${quoted(text)} is no public key: 32 bytes in base58, 32 to 44 letters.`,
  );
}

function changeKind(text: string): ChangeKind {
  const kind = CHANGE_KINDS.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw bad('PARAMETER_VALUE', `kind=${quoted(text)} is none of ${CHANGE_KINDS.join(', ')}.`);
}

/** What somebody sent, short enough to be shown. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function bad(code: string, message: string): HttpError {
  return new HttpError(400, code, message);
}
