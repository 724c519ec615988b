/**
 * Stakes as people and programs write them down: what an RPC node answers, JSON, CSV, a map. Numbers end
 * as doubles, as the table holds them: exact up to 9 million SOL, then to a part in 10^15.
 */
import { Stakes } from '../crds/peers.ts';
import { LAMPORTS_PER_SOL } from '../gossip/policy.ts';
import { SpyError } from '../util/assert.ts';
import { fromBase58 } from '../util/base58.ts';

/** As many identities as the table holds; mainnet has about 700 with stake. @source reliability 5 */
export const MAX_STAKED = 16_384;

/** Lamports fit a u64 on the chain; as a double the largest one is this. */
const MAX_LAMPORTS = 2 ** 64;

/** Where a list comes from, as errors call it: `the stake file s.csv`. */
export interface ListOrigin {
  readonly name: string;
  /** What to do when it is no good, a sentence. */
  readonly advice: string;
}

/** Lamports by identity in base58, for programs that know the stakes themselves. */
export type StakeMap = ReadonlyMap<string, bigint | number | string>;

/**
 * Reads a list in any of the forms: JSON as `stakesFromJson` takes it, otherwise CSV as `stakesFromCsv`.
 * @throws SpyError STAKES_NOT_JSON, STAKES_MALFORMED, STAKES_EMPTY, STAKES_TOO_MANY, STAKES_RPC_ERROR
 */
export function stakesFromText(text: string, origin: ListOrigin): Stakes {
  const clean = text.replace(/^\uFEFF/, '');
  return /^\s*[[{]/.test(clean)
    ? stakesFromJson(parseJson(clean, origin), origin)
    : stakesFromCsv(clean, origin);
}

/**
 * Reads the answer of `getVoteAccounts` with or without its envelope, `solana validators --output json`,
 * a list of `{nodePubkey, activatedStake}`, or `{identity: lamports}`. Numbers may be written as strings.
 *
 * @throws SpyError STAKES_MALFORMED, STAKES_EMPTY, STAKES_TOO_MANY, STAKES_RPC_ERROR
 */
export function stakesFromJson(value: unknown, origin: ListOrigin): Stakes {
  const tally = new Tally(origin);
  const content = isRecord(value) && 'result' in value ? value['result'] : value;
  if (Array.isArray(content)) {
    addAccounts(tally, content, 'the list');
  } else if (!isRecord(content)) {
    throw tally.malformed('it holds no stakes');
  } else if (isRecord(content['error'])) {
    throw rpcError(content['error'], origin);
  } else if ('current' in content || 'delinquent' in content) {
    addAccounts(tally, content['current'], '"current"');
    addAccounts(tally, content['delinquent'], '"delinquent"');
  } else if ('validators' in content) {
    addAccounts(tally, content['validators'], '"validators"');
  } else {
    for (const [identity, lamports] of Object.entries(content)) {
      tally.add(identity, readLamports(lamports), lamports, 'an entry');
    }
  }
  return tally.stakes();
}

/**
 * Reads lines of identity and lamports. A first line may name the columns instead: identity, pubkey or
 * node; and stake, lamports or activatedStake, or sol for SOL with up to nine decimals. Empty lines and
 * those that begin with # are left out.
 *
 * @throws SpyError STAKES_MALFORMED with the number of the line, STAKES_EMPTY, STAKES_TOO_MANY
 */
export function stakesFromCsv(text: string, origin: ListOrigin): Stakes {
  const tally = new Tally(origin);
  let columns: Columns | undefined;
  for (const [i, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const cells = splitCells(line);
    if (columns === undefined) {
      const isData = fromBase58(cells[0] ?? '') !== undefined;
      columns = isData ? BARE_COLUMNS : namedColumns(cells);
      if (columns === undefined) {
        throw tally.malformed(
          `line ${i + 1} is neither "identity,lamports" with values nor a header that names the columns identity and lamports (or sol)`,
        );
      }
      if (!isData) continue;
    }
    const stake = cells[columns.stake] ?? '';
    const lamports = columns.isSol ? readSol(stake) : readLamports(stake);
    tally.add(cells[columns.identity] ?? '', lamports, stake, `line ${i + 1}`);
  }
  return tally.stakes();
}

/**
 * Takes the stakes that a program knows; it may know of none.
 * @throws SpyError STAKES_MALFORMED, STAKES_TOO_MANY
 */
export function stakesFromMap(map: StakeMap): Stakes {
  const tally = new Tally({ name: 'the map of stakes', advice: 'Give lamports by identity.' });
  for (const [identity, lamports] of map) {
    tally.add(identity, readLamports(lamports), lamports, 'an entry');
  }
  return tally.isEmpty ? new Stakes() : tally.stakes();
}

/** All stake of a map together. @units SOL */
export function totalSol(stakes: Stakes): number {
  let lamports = 0;
  for (const [, one] of stakes.entries()) lamports += one;
  return lamports / LAMPORTS_PER_SOL;
}

/** @throws SpyError STAKES_NOT_JSON */
export function parseJson(text: string, origin: ListOrigin): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SpyError(
      'STAKES_NOT_JSON',
      `${capital(origin.name)} is not JSON (${quote((cause as Error).message)}). ${origin.advice}`,
      { cause },
    );
  }
}

/** Text of others, made harmless for a line of ours. */
export function quote(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 80 ? `${printable.slice(0, 77)}...` : printable;
}

/** A name of `ListOrigin` at the beginning of a sentence. */
export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Adds up what an identity has in several accounts. Nodes without stake are as good as not there. */
class Tally {
  readonly #origin: ListOrigin;
  readonly #byIdentity = new Map<string, { key: Uint8Array; lamports: number }>();

  constructor(origin: ListOrigin) {
    this.#origin = origin;
  }

  get isEmpty(): boolean {
    return this.#byIdentity.size === 0;
  }

  /** @param written the stake as it stands there, for the error when `lamports` is undefined */
  add(identity: unknown, lamports: number | undefined, written: unknown, place: string): void {
    const known = typeof identity === 'string' ? this.#byIdentity.get(identity) : undefined;
    const key = known?.key ?? (typeof identity === 'string' ? fromBase58(identity) : undefined);
    if (key === undefined) {
      throw this.malformed(
        `${place} has "${quote(String(identity))}" where an identity should be, 32 bytes in base58`,
      );
    }
    if (lamports === undefined) {
      throw this.malformed(`${place} has "${quote(String(written))}" where a stake should be`);
    }
    if (lamports === 0) return;
    if (known) known.lamports += lamports;
    else this.#byIdentity.set(String(identity), { key, lamports });
    if (this.#byIdentity.size > MAX_STAKED) {
      throw new SpyError(
        'STAKES_TOO_MANY',
        `${capital(this.#origin.name)} names more than ${MAX_STAKED} staked nodes. ${this.#origin.advice}`,
      );
    }
  }

  stakes(): Stakes {
    if (this.isEmpty) {
      throw new SpyError(
        'STAKES_EMPTY',
        `${capital(this.#origin.name)} names no node with stake. ${this.#origin.advice}`,
      );
    }
    return new Stakes([...this.#byIdentity.values()].map((e) => [e.key, e.lamports] as const));
  }

  malformed(problem: string): SpyError {
    return new SpyError(
      'STAKES_MALFORMED',
      `${capital(this.#origin.name)} cannot be used: ${problem}. ${this.#origin.advice}`,
    );
  }
}

/** Reads entries as RPC nodes (`nodePubkey`) and the Solana CLI (`identityPubkey`) write them. */
function addAccounts(tally: Tally, accounts: unknown, where: string): void {
  if (!Array.isArray(accounts)) throw tally.malformed(`${where} is no list`);
  for (const [i, account] of (accounts as unknown[]).entries()) {
    const place = `entry ${i + 1} of ${where}`;
    if (!isRecord(account)) throw tally.malformed(`${place} is no object`);
    const stake = account['activatedStake'];
    tally.add(
      account['nodePubkey'] ?? account['identityPubkey'],
      readLamports(stake),
      stake,
      place,
    );
  }
}

function rpcError(error: Record<string, unknown>, origin: ListOrigin): SpyError {
  const text = `${String(error['code'])}: ${quote(String(error['message']))}`;
  return new SpyError(
    'STAKES_RPC_ERROR',
    `${capital(origin.name)} is an error of the RPC node (${text}). ${origin.advice}`,
  );
}

/** @returns undefined for what is no whole number of lamports */
function readLamports(value: unknown): number | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (!isNumber && !(typeof value === 'string' && /^\d{1,20}$/.test(value))) return undefined;
  const lamports = Number(value);
  return Number.isInteger(lamports) && lamports >= 0 && lamports <= MAX_LAMPORTS
    ? lamports
    : undefined;
}

/** @returns lamports, undefined for what is no amount of SOL */
function readSol(text: string): number | undefined {
  if (!/^\d{1,11}(\.\d{0,9})?$/.test(text)) return undefined;
  const lamports = Math.round(Number(text) * LAMPORTS_PER_SOL);
  return lamports <= MAX_LAMPORTS ? lamports : undefined;
}

interface Columns {
  readonly identity: number;
  readonly stake: number;
  readonly isSol: boolean;
}

const BARE_COLUMNS: Columns = { identity: 0, stake: 1, isSol: false };

function namedColumns(cells: readonly string[]): Columns | undefined {
  const names = cells.map((cell) => cell.toLowerCase());
  const find = (...wanted: string[]): number => names.findIndex((name) => wanted.includes(name));
  const identity = find('identity', 'pubkey', 'node', 'nodepubkey', 'identitypubkey');
  const lamports = find('lamports', 'stake', 'activatedstake');
  const stake = lamports >= 0 ? lamports : find('sol');
  return identity < 0 || stake < 0 ? undefined : { identity, stake, isSol: lamports < 0 };
}

/** Cells of a line; quotes keep a comma in a name from ending its cell. */
function splitCells(line: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain] of `,${line}`.matchAll(/,\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    cells.push((quoted?.replaceAll('""', '"') ?? plain ?? '').trim());
  }
  return cells;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
