import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { SpyError } from '../util/assert.ts';
import { readU16, readU32, writeU16 } from '../util/bytes.ts';
import { SystemClock } from '../util/clock.ts';
import { formatAddress, formatIp, parseIp } from '../util/ipv4.ts';

/** Where to ask first, per public cluster. @source docs of Agave, clusters */
export const CLUSTER_ENTRYPOINTS: Readonly<Record<string, readonly string[]>> = {
  mainnet: [
    'entrypoint.mainnet-beta.solana.com:8001',
    'entrypoint2.mainnet-beta.solana.com:8001',
    'entrypoint3.mainnet-beta.solana.com:8001',
    'entrypoint4.mainnet-beta.solana.com:8001',
    'entrypoint5.mainnet-beta.solana.com:8001',
  ],
  testnet: [
    'entrypoint.testnet.solana.com:8001',
    'entrypoint2.testnet.solana.com:8001',
    'entrypoint3.testnet.solana.com:8001',
  ],
  devnet: [
    'entrypoint.devnet.solana.com:8001',
    'entrypoint2.devnet.solana.com:8001',
    'entrypoint3.devnet.solana.com:8001',
    'entrypoint4.devnet.solana.com:8001',
    'entrypoint5.devnet.solana.com:8001',
  ],
};

/** Connect, write and read together. @source behaviour 9.1 */
const ECHO_TIMEOUT_MS = 5000;

/** The frame that Agave answers with. @source wire 9 */
const ECHO_RESPONSE_BYTES = 27;
const ECHO_REQUEST_BYTES = 21;

/** Where a request names up to four UDP ports to be tried, behind its header and four TCP ports. */
const ECHO_UDP_AT = 12;

/** A place to ask, as given and as resolved. */
export interface Entrypoint {
  /** As the operator wrote it. */
  readonly name: string;
  /** IPv4 as a number. */
  readonly ip: number;
  readonly port: number;
}

/** What an entrypoint says about us and its cluster. */
export interface EchoAnswer {
  /** Our IPv4 address as it sees us, 0 when it says IPv6. */
  readonly ip: number;
  /** Shred version of its cluster; undefined when it does not know one. */
  readonly shredVersion: number | undefined;
}

/**
 * Resolves `HOST:PORT` to IPv4.
 * @throws SpyError ENTRYPOINT_MALFORMED, ENTRYPOINT_UNRESOLVED
 */
export async function resolveEntrypoint(name: string): Promise<Entrypoint> {
  const [, host = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(name) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65535) {
    throw new SpyError(
      'ENTRYPOINT_MALFORMED',
      `"${name}" is no entrypoint: write HOST:PORT, for example entrypoint.testnet.solana.com:8001.`,
    );
  }
  const ip = parseIp(host);
  if (ip >= 0) return { name, ip, port };
  try {
    const { address } = await lookup(host, { family: 4 });
    return { name, ip: parseIp(address), port };
  } catch (cause) {
    throw new SpyError(
      'ENTRYPOINT_UNRESOLVED',
      `The name ${host} has no IPv4 address here. Check the spelling and this machine's name resolution, or give the address itself.`,
      { cause },
    );
  }
}

/** What the codes of the system mean to people. */
const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hung up',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no network leads there',
  ETIMEDOUT: 'nobody is there',
};

/**
 * Asks one entrypoint by the ip-echo protocol: TCP on the gossip port.
 *
 * @param timeoutMs for all of it, however slowly bytes drip in
 * @param signal aborts what nobody waits for any more
 * @param udpPort a port of ours that it shall send a datagram to; 0 for none
 * @errors SpyError ECHO_TIMEOUT, ECHO_REFUSED, ECHO_IS_RPC, ECHO_MALFORMED
 * @source wire 9, agave net-utils/src/ip_echo_client.rs
 */
export function askEcho(
  entrypoint: Entrypoint,
  timeoutMs = ECHO_TIMEOUT_MS,
  signal?: AbortSignal,
  udpPort = 0,
): Promise<EchoAnswer> {
  return new Promise((resolve, reject) => {
    const where = formatAddress(entrypoint.ip, entrypoint.port);
    const socket = connect({
      host: formatIp(entrypoint.ip),
      port: entrypoint.port,
      ...(signal ? { signal } : {}),
    });
    const chunks = Buffer.alloc(ECHO_RESPONSE_BYTES);
    let length = 0;
    const fail = (code: string, message: string, cause?: unknown): void => {
      socket.destroy();
      reject(new SpyError(code, message, { cause }));
    };
    const cancelDeadline = SystemClock.after(timeoutMs, () =>
      fail('ECHO_TIMEOUT', `The entrypoint ${where} did not answer within ${timeoutMs / 1000} s.`),
    );
    socket.on('connect', () => {
      const request = Buffer.alloc(ECHO_REQUEST_BYTES);
      request[ECHO_REQUEST_BYTES - 1] = 0x0a;
      writeU16(request, ECHO_UDP_AT, udpPort);
      socket.write(request);
    });
    socket.on('data', (data) => {
      length += data.copy(chunks, length);
      // Some servers leave the connection open behind their answer.
      if (isWhole(chunks.subarray(0, length))) socket.destroy();
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      const why = CONNECT_ERRORS[cause.code ?? ''] ?? cause.message;
      fail('ECHO_REFUSED', `The entrypoint ${where} cannot be reached: ${why}.`, cause);
    });
    socket.on('close', () => {
      cancelDeadline();
      const answer = parseEcho(chunks.subarray(0, length));
      if (typeof answer === 'object') resolve(answer);
      else if (answer === 'rpc') {
        fail(
          'ECHO_IS_RPC',
          `${where} looks like a JSON-RPC port. An entrypoint's gossip port is usually 8001.`,
        );
      } else {
        fail('ECHO_MALFORMED', `${where} answers, but not as a gossip entrypoint does.`);
      }
    });
  });
}

/** Whether no byte that may follow changes what a response says. */
function isWhole(bytes: Uint8Array): boolean {
  const answer = parseEcho(bytes);
  if (answer === 'rpc' || bytes.length === ECHO_RESPONSE_BYTES) return true;
  return typeof answer === 'object' && answer.shredVersion !== undefined;
}

/** Reads an ip-echo response. @source wire 9; cases C-154 to C-159 */
export function parseEcho(bytes: Uint8Array): EchoAnswer | 'rpc' | 'malformed' {
  if (bytes.length >= 4 && Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'HTTP') {
    return 'rpc';
  }
  if (bytes.length < 8 || readU32(bytes, 0) !== 0) return 'malformed';
  const family = readU32(bytes, 4);
  if (family > 1) return 'malformed';
  const optionAt = family === 0 ? 12 : 24;
  if (bytes.length < optionAt) return 'malformed';
  const ip = family === 0 ? Buffer.from(bytes.buffer, bytes.byteOffset + 8, 4).readUInt32BE(0) : 0;
  const option = bytes[optionAt] ?? 0;
  if (option === 0) return { ip, shredVersion: undefined };
  if (option !== 1 || bytes.length < optionAt + 3) return 'malformed';
  return { ip, shredVersion: readU16(bytes, optionAt + 1) };
}

/** Writes the response that Agave gives: 27 bytes. @source wire 9 */
export function buildEcho(ip: number, shredVersion: number): Uint8Array {
  const bytes = new Uint8Array(ECHO_RESPONSE_BYTES);
  Buffer.from(bytes.buffer).writeUInt32BE(ip, 8);
  bytes[12] = 1;
  writeU16(bytes, 13, shredVersion);
  return bytes;
}

/**
 * The local address that packets to an entrypoint leave from; sends nothing. Serves where nobody
 * tells our address; behind NAT it is the private one.
 * @returns IPv4 as a number, 0 when there is no route
 */
export function localAddressTowards(entrypoint: Entrypoint): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (ip: number): void => {
      socket.close();
      resolve(ip);
    };
    socket.once('error', () => finish(0));
    socket.connect(entrypoint.port, formatIp(entrypoint.ip), () =>
      finish(Math.max(0, parseIp(socket.address().address))),
    );
  });
}

/** What asking every entrypoint came to. */
export interface ClusterHint {
  readonly shredVersion: number;
  /** Our address as the first that answered sees it. */
  readonly ip: number;
  /** Sentences about entrypoints that failed or disagreed. */
  readonly warnings: string[];
}

/**
 * Learns shred version and own address. Entrypoints are hints: with several, two must agree (the
 * first two that do decide, without waiting for the rest); a lone one is believed. Against the operator
 * they only count when not one of them agrees.
 *
 * @param expected the operator's shred version, which then needs no second opinion; 0 for none
 * @param stop to break off with; it does so itself as soon as all is known
 * @throws SpyError NO_ENTRYPOINT_ANSWERED, SHRED_VERSION_DISPUTED, SHRED_VERSION_WRONG
 * @source reliability 2
 */
export async function learnCluster(
  entrypoints: readonly Entrypoint[],
  expected: number,
  stop = new AbortController(),
): Promise<ClusterHint> {
  const warnings: string[] = [];
  const heard: { entrypoint: Entrypoint; answer: EchoAnswer }[] = [];
  const votes = new Map<number, number>();
  const needed = entrypoints.length === 1 ? 1 : 2;
  const decided = await new Promise<number>((resolve) => {
    let open = entrypoints.length;
    for (const entrypoint of entrypoints) {
      askEcho(entrypoint, ECHO_TIMEOUT_MS, stop.signal)
        .then((answer) => {
          heard.push({ entrypoint, answer });
          const version = answer.shredVersion ?? 0;
          if (version === 0) {
            warnings.push(`${entrypoint.name} does not say its shred version.`);
            return;
          }
          const count = (votes.get(version) ?? 0) + 1;
          votes.set(version, count);
          if (expected === 0 ? count >= needed : version === expected) resolve(version);
        })
        .catch((error: unknown) => warnings.push((error as Error).message))
        .finally(() => {
          if (--open === 0) resolve(0);
        });
    }
  });
  stop.abort();
  const ip = heard.find((h) => h.answer.ip !== 0)?.answer.ip ?? 0;
  if (expected !== 0) {
    const other = heard.find((h) => ![undefined, 0, expected].includes(h.answer.shredVersion));
    if (other) {
      const differs = `The entrypoint ${other.entrypoint.name} is on shred version ${other.answer.shredVersion}, not ${expected}`;
      if (decided === 0) {
        throw new SpyError(
          'SHRED_VERSION_WRONG',
          `${differs}: no node of its cluster would answer. Leave --shred-version out, or choose another entrypoint.`,
        );
      }
      warnings.push(`${differs}.`);
    }
    return { shredVersion: expected, ip, warnings };
  }
  if (decided !== 0) return { shredVersion: decided, ip, warnings };
  const versions = [...votes.keys()];
  if (versions.length === 1 && versions[0] !== undefined) {
    warnings.push('Only one entrypoint answered: its shred version is taken on trust.');
    return { shredVersion: versions[0], ip, warnings };
  }
  if (versions.length > 1) {
    throw new SpyError(
      'SHRED_VERSION_DISPUTED',
      `The entrypoints name different shred versions (${versions.join(', ')}). Say which one is meant with --shred-version.`,
    );
  }
  throw new SpyError(
    'NO_ENTRYPOINT_ANSWERED',
    `No entrypoint told its shred version. ${warnings.join(' ')} Check the address and that outgoing TCP and UDP are allowed; with --shred-version and --bind-address the answer is not needed.`,
  );
}
