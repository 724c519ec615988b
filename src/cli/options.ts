import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SpyOptions } from '../index.ts';
import { CLUSTER_ENTRYPOINTS } from '../node/bootstrap.ts';
import type { Logger } from '../node/ports.ts';
import { SpyError } from '../util/assert.ts';
import { fromBase58 } from '../util/base58.ts';
import { parseIp } from '../util/ipv4.ts';

/** Flags that every command which joins a cluster understands. */
export interface JoinFlags {
  entrypoint: string[];
  url?: string;
  identity?: string;
  shredVersion: number;
  gossipPort: number;
  bindAddress?: string;
  allowPrivateAddr?: boolean;
  stakes?: string;
  logLevel: string;
}

/** A whole number in a range, or a message that commander shows with the flag's name. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

/** A number above zero, fractions allowed. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError('Give a number above 0.');
  }
  return value;
}

/** Gathers a flag that may be given several times. */
export const collect = (text: string, previous: string[]): string[] => [...previous, text];

/** Gathers public keys. */
export function collectPubkeys(text: string, previous: string[]): string[] {
  if (!fromBase58(text)) {
    throw new InvalidArgumentError(
      `"${text}" is no public key: 32 bytes in base58, 32 to 44 letters.`,
    );
  }
  return [...previous, text];
}

function ipv4(text: string): string {
  if (parseIp(text) < 0)
    throw new InvalidArgumentError('Give an IPv4 address such as 203.0.113.7.');
  return text;
}

const MONIKERS: Readonly<Record<string, string>> = {
  m: 'mainnet',
  'mainnet-beta': 'mainnet',
  t: 'testnet',
  d: 'devnet',
};

function cluster(text: string, more = ''): string {
  const name = MONIKERS[text] ?? text;
  if (!CLUSTER_ENTRYPOINTS[name]) {
    throw new InvalidArgumentError(
      `Choose mainnet, testnet or devnet;${more} for another cluster give --entrypoint HOST:PORT.`,
    );
  }
  return name;
}

/** A cluster, or the address of a spy that runs, as a base for its paths. */
function clusterOrSpy(text: string): string {
  if (!/^https?:/i.test(text)) return cluster(text, ' a spy that runs is http://HOST:PORT;');
  if (!URL.canParse(text)) {
    throw new InvalidArgumentError(
      'Give the address of a spy as http://127.0.0.1:8890, or mainnet, testnet or devnet.',
    );
  }
  return new URL(text).href.replace(/\/*$/, '');
}

/** Whether `--url` names a spy that runs instead of a cluster. */
export const isSpyUrl = (url: string | undefined): url is string =>
  url !== undefined && /^https?:/i.test(url);

/**
 * Adds the flags of `JoinFlags` to a command.
 *
 * @param options orSpy: `--url` may also be the address of a spy that runs
 * @source behaviour 15.1
 */
export function addJoinOptions(command: Command, options: { orSpy?: boolean } = {}): Command {
  const clusters = 'known cluster: mainnet, testnet or devnet';
  const url = options.orSpy
    ? new Option('-u, --url <CLUSTER|URL>', `${clusters}; or a spy that runs: http://HOST:PORT`)
    : new Option('-u, --url <CLUSTER>', clusters);
  return command
    .addOption(
      new Option('-n, --entrypoint <HOST:PORT>', 'node to ask first; may be given several times')
        .argParser(collect)
        .default([], "mainnet's"),
    )
    .addOption(url.argParser(options.orSpy ? clusterOrSpy : (text: string) => cluster(text)))
    .option('-i, --identity <FILE>', 'key file of the Solana CLI (default: a fresh key)')
    .option(
      '--shred-version <NUMBER>',
      'shred version of the cluster; 0 asks the entrypoints',
      wholeNumber(0, 65535),
      0,
    )
    .option(
      '--gossip-port <PORT>',
      'UDP and TCP port of ours; 0 takes the first free one from 8000 to 9999',
      wholeNumber(0, 65535),
      0,
    )
    .option(
      '--bind-address <IP>',
      'address that others shall reach us at (default: as an entrypoint sees us)',
      ipv4,
    )
    .option(
      '--allow-private-addr',
      'talk to private and loopback addresses too (on by itself when an entrypoint is one)',
    )
    .option(
      '--stakes <URL|FILE>',
      "who has how much stake: an RPC node, mainnet, testnet or devnet for a public one, or a JSON or CSV file (default: nobody's is known)",
    )
    .addOption(
      new Option('--log-level <LEVEL>', 'least important log lines to show, on stderr')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('warn'),
    );
}

/** Entrypoints as asked for: named ones, those of a cluster, mainnet's when nothing at all is said. */
export function entrypointNames(flags: JoinFlags): readonly string[] {
  if (flags.entrypoint.length > 0) return flags.entrypoint;
  if (flags.url !== undefined) return CLUSTER_ENTRYPOINTS[flags.url] ?? [];
  const waits =
    flags.shredVersion !== 0 && flags.bindAddress !== undefined && flags.gossipPort !== 0;
  return waits ? [] : (CLUSTER_ENTRYPOINTS['mainnet'] ?? []);
}

/** What a spy is told of the flags that every command has which joins. */
export function joinOptions(flags: JoinFlags, logger: Logger): SpyOptions {
  return {
    entrypoints: entrypointNames(flags),
    identityFile: flags.identity,
    shredVersion: flags.shredVersion,
    gossipPort: flags.gossipPort,
    bindAddress: flags.bindAddress,
    allowPrivate: flags.allowPrivateAddr,
    stakes: flags.stakes,
    logger,
  };
}

/** @throws SpyError when two flags contradict each other */
export function forbidBoth(first: unknown, second: unknown, message: string): void {
  if (first !== undefined && second !== undefined) throw new SpyError('FLAGS_CONFLICT', message);
}
