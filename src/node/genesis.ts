/** The hash of a cluster's genesis. Gossip does not carry it, so it is known or asked for. */
import { SpyError } from '../util/assert.ts';
import { fromBase58 } from '../util/base58.ts';
import { CLUSTER_ENTRYPOINTS } from './bootstrap.ts';
import { CLUSTER_RPC } from './stakes.ts';

/** Of the public clusters. @source solana-sdk clusters; each is what getGenesisHash of CLUSTER_RPC answers */
const KNOWN: Readonly<Record<string, string>> = {
  mainnet: '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d',
  testnet: '4uhcVJyU9pJkvQyUS88uRDiswHXSCkY3zQawwpjk2NsY',
  devnet: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
};

/** How long an RPC node may take. */
const TIMEOUT_MS = 5_000;

/** An answer is 100 bytes. */
const MAX_ANSWER_BYTES = 4_096;

/** Finds out once. */
export class Genesis {
  readonly #cluster: string | undefined;
  readonly #rpc: URL | undefined;
  #hash: string | undefined;

  /**
   * @param entrypoints as the operator named them
   * @param stakes where stakes come from, if that is a text
   */
  constructor(entrypoints: readonly string[], stakes: string | undefined) {
    const isUrl = stakes !== undefined && /^https?:\/\//i.test(stakes) && URL.canParse(stakes);
    this.#rpc = isUrl ? new URL(stakes) : undefined;
    const named = stakes !== undefined && CLUSTER_RPC[stakes] !== undefined ? stakes : undefined;
    this.#cluster = named ?? clusterOf(entrypoints);
  }

  /** @throws SpyError GENESIS_UNKNOWN with what to do */
  async hash(): Promise<string> {
    this.#hash ??= await this.#find();
    return this.#hash;
  }

  async #find(): Promise<string> {
    if (this.#rpc) return ask(this.#rpc);
    const known = this.#cluster === undefined ? undefined : KNOWN[this.#cluster];
    if (known !== undefined) return known;
    throw unknown('Gossip does not tell it, and this is none of the public clusters.');
  }
}

/** The public cluster that all entrypoints are of. */
function clusterOf(entrypoints: readonly string[]): string | undefined {
  if (entrypoints.length === 0) return undefined;
  const found = Object.entries(CLUSTER_ENTRYPOINTS).find(([, names]) =>
    entrypoints.every((name) => names.includes(name)),
  );
  return found?.[0];
}

async function ask(rpc: URL): Promise<string> {
  const url = new URL(rpc);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (url.username !== '' || url.password !== '') {
    const secret = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(secret).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: '{"jsonrpc":"2.0","id":1,"method":"getGenesisHash"}',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = (await response.text()).slice(0, MAX_ANSWER_BYTES);
  } catch {
    throw unknown('The RPC node that stakes come from cannot be reached.');
  }
  const [, hash] = /"result"\s*:\s*"([1-9A-HJ-NP-Za-km-z]{32,44})"/.exec(text) ?? [];
  if (hash !== undefined && fromBase58(hash)) return hash;
  throw unknown('The RPC node that stakes come from does not tell it.');
}

function unknown(why: string): SpyError {
  return new SpyError(
    'GENESIS_UNKNOWN',
    `The genesis hash is not known here. ${why} Give --stakes the URL of an RPC node of this cluster.`,
  );
}
