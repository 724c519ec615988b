/** Where stakes come from: an RPC node, a file, or the program itself. */
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Stakes } from '../crds/peers.ts';
import { SpyError } from '../util/assert.ts';
import {
  capital,
  type ListOrigin,
  parseJson,
  quote,
  type StakeMap,
  stakesFromJson,
  stakesFromMap,
  stakesFromText,
} from './stake-list.ts';
import { PACKAGE_VERSION } from './version.ts';

/** Public RPC nodes by name of the cluster. @source solana.com/docs, clusters and public RPC endpoints */
export const CLUSTER_RPC: Readonly<Record<string, string>> = {
  mainnet: 'https://api.mainnet-beta.solana.com',
  testnet: 'https://api.testnet.solana.com',
  devnet: 'https://api.devnet.solana.com',
};

/** A list of all of mainnet's vote accounts has about 1 MB. */
export const MAX_STAKE_BYTES = 16 * 1024 * 1024;

/** Stakes change with the epoch, every two days; public nodes want to be asked rarely. */
export const RPC_PERIOD_MS = 600_000;

/** Looking at the time stamp of a file costs nothing. */
export const FILE_PERIOD_MS = 60_000;

/** Spies that were started together shall not ask together. */
const RPC_SPREAD = 0.2;

/** Something that can be asked for stakes again and again. */
export interface StakeSource {
  /** For logs; without what may be a secret. */
  readonly name: string;
  /** It is at hand: a failure at the start is the operator's to mend. Elsewhere it may be an outage. */
  readonly isLocal: boolean;
  /** Time between two looks while all is well; Infinity when one is enough. */
  readonly periodMs: number;
  /** The part of the period that chance adds or takes away at most. */
  readonly spread: number;
  /**
   * The stakes, or undefined when they are the same as last time.
   * @throws SpyError when they cannot be had
   */
  load(signal: AbortSignal): Promise<Stakes | undefined>;
}

/**
 * The source that an operator or a program names: the URL of an RPC node, `mainnet`, `testnet` or
 * `devnet` for a public one, the path of a file, or the stakes themselves.
 *
 * @throws SpyError STAKES_SOURCE when the text names none; for a map, what `stakesFromMap` throws
 */
export function stakeSource(wanted: string | StakeMap): StakeSource {
  if (typeof wanted !== 'string') return new KnownStakes(stakesFromMap(wanted));
  const text = CLUSTER_RPC[wanted] ?? wanted;
  const [scheme] = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(text) ?? [];
  if (text !== '' && scheme === undefined) return new FileStakes(text);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return new RpcStakes(url);
  // The text is not shown: what looks like a URL may carry a key.
  throw new SpyError(
    'STAKES_SOURCE',
    'Stakes come from an RPC node (http:// or https:// and a host), from mainnet, testnet or devnet, or from a file; this is none of them.',
  );
}

/** Stakes that never change. */
class KnownStakes implements StakeSource {
  readonly name = 'given';
  readonly isLocal = true;
  readonly periodMs = Number.POSITIVE_INFINITY;
  readonly spread = 0;
  readonly #stakes: Stakes;

  constructor(stakes: Stakes) {
    this.#stakes = stakes;
  }

  load(): Promise<Stakes> {
    return Promise.resolve(this.#stakes);
  }
}

/** Asks an RPC node for its vote accounts. */
class RpcStakes implements StakeSource {
  readonly name: string;
  readonly isLocal = false;
  readonly periodMs = RPC_PERIOD_MS;
  readonly spread = RPC_SPREAD;
  readonly #url: URL;
  readonly #headers: Record<string, string>;
  readonly #origin: ListOrigin;

  constructor(given: URL) {
    this.#url = new URL(given);
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': `earshot/${PACKAGE_VERSION}`,
    };
    if (given.username !== '' || given.password !== '') {
      // fetch refuses URLs that carry a name and a password.
      const pair = `${unescaped(given.username)}:${unescaped(given.password)}`;
      this.#headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
      this.#url.username = '';
      this.#url.password = '';
    }
    this.name = this.#url.origin; // paths and queries of RPC providers are passwords
    this.#origin = {
      name: `the answer of ${this.name}`,
      advice: 'Check that the URL is that of a Solana RPC node which offers getVoteAccounts.',
    };
  }

  async load(signal: AbortSignal): Promise<Stakes> {
    const { status, text } = await this.#ask(signal);
    if (status !== 200) throw this.#refused(status, text);
    return stakesFromJson(this.#checkEnvelope(parseJson(text, this.#origin)), this.#origin);
  }

  async #ask(signal: AbortSignal): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: this.#headers,
        // Validators go by the rooted bank, which `finalized` is.
        body: '{"jsonrpc":"2.0","id":1,"method":"getVoteAccounts","params":[{"commitment":"finalized"}]}',
        redirect: 'manual', // a redirected POST would arrive as a GET
        signal,
      });
      return { status: response.status, text: await this.#readBody(response) };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (cause instanceof SpyError || !(cause instanceof Error)) throw cause;
      throw new SpyError(
        'STAKES_UNREACHABLE',
        `The RPC node ${this.name} cannot be reached (${reasonOf(cause)}). Check the address and that this machine may go there without a proxy.`,
        { cause },
      );
    }
  }

  async #readBody(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    // Typed with the browser's streams, which cannot be iterated; Node's can.
    const body = response.body as AsyncIterable<Uint8Array> | null;
    for await (const chunk of body ?? []) {
      size += chunk.length;
      if (size > MAX_STAKE_BYTES) throw tooLarge(this.#origin.name);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** The envelope is not optional here: what has none is no RPC node. */
  #checkEnvelope(answer: unknown): unknown {
    const hasResult = typeof answer === 'object' && answer !== null && 'result' in answer;
    const hasError = typeof answer === 'object' && answer !== null && 'error' in answer;
    if (hasResult || hasError) return answer;
    throw new SpyError(
      'STAKES_MALFORMED',
      `The answer of ${this.name} is not JSON-RPC. ${this.#origin.advice}`,
    );
  }

  #refused(status: number, text: string): SpyError {
    let advice = 'Check the URL: is it that of an RPC node?';
    if (status === 401 || status === 403) advice = 'Check the key in the URL.';
    if (status === 429) advice = 'It is asked too often: use an RPC node of your own, or a file.';
    if (status >= 500) advice = 'Something is wrong over there.';
    const said = text === '' ? '' : ` ("${quote(text)}")`;
    return new SpyError(
      'STAKES_HTTP_STATUS',
      `The RPC node ${this.name} answers with HTTP status ${status}${said}. ${advice}`,
    );
  }
}

/** Reads a file, and again when it was changed. */
class FileStakes implements StakeSource {
  readonly name: string;
  readonly isLocal = true;
  readonly periodMs = FILE_PERIOD_MS;
  readonly spread = 0;
  readonly #origin: ListOrigin;
  /** State of the file when it was read last with success. */
  #seen = '';

  constructor(path: string) {
    this.name = path;
    this.#origin = {
      name: `the stake file ${path}`,
      advice:
        'It should hold lines "identity,lamports", or JSON: lamports by identity, or what getVoteAccounts answers.',
    };
  }

  async load(): Promise<Stakes | undefined> {
    try {
      // Looked at before it is opened: to open a pipe that nobody writes to takes forever.
      if (!(await stat(this.name)).isFile()) throw this.#unreadable('it is no regular file');
      const file = await open(this.name, 'r');
      try {
        const stamp = stampOf(await file.stat());
        if (stamp === this.#seen) return undefined;
        const bytes = Buffer.allocUnsafe(MAX_STAKE_BYTES + 1);
        let size = 0;
        for (;;) {
          const { bytesRead } = await file.read(bytes, size, bytes.length - size, null);
          if (bytesRead === 0) break;
          size += bytesRead;
        }
        if (size > MAX_STAKE_BYTES) throw tooLarge(this.#origin.name);
        const stakes = stakesFromText(bytes.toString('utf8', 0, size), this.#origin);
        this.#seen = stamp;
        return stakes;
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (cause instanceof SpyError || !(cause instanceof Error && 'code' in cause)) throw cause;
      if (cause.code === 'ENOENT') {
        throw new SpyError(
          'STAKES_FILE_MISSING',
          `There is no stake file at ${this.name}. Check the path; the URL of an RPC node begins with https://.`,
          { cause },
        );
      }
      throw this.#unreadable(String(cause.code), cause);
    }
  }

  #unreadable(why: string, cause?: unknown): SpyError {
    return new SpyError(
      'STAKES_FILE_UNREADABLE',
      `The stake file ${this.name} cannot be read (${why}). Check that it is a file and that this user may read it.`,
      { cause },
    );
  }
}

const stampOf = (file: Stats): string => `${file.dev} ${file.ino} ${file.size} ${file.mtimeMs}`;

function tooLarge(name: string): SpyError {
  return new SpyError(
    'STAKES_TOO_LARGE',
    `${capital(name)} has over ${MAX_STAKE_BYTES / 1024 / 1024} MiB; a stake list of mainnet has about one. Check that it is the right one.`,
  );
}

/** `ECONNREFUSED`, `ENOTFOUND`, `CERT_HAS_EXPIRED`: below what fetch says, which is "fetch failed". */
function reasonOf(error: Error): string {
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : quote(cause.message);
  return quote(error.message);
}

/** Part of a URL as it was meant. Stray percent signs stand for themselves, so this never throws. */
function unescaped(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8'); // the rest of a URL is ASCII
}
