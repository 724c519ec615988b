/** Checks of the way to the entrypoints and back, before anything joins. */
import { createSocket, type Socket } from 'node:dgram';
import { sha256Into } from '../../crypto/hash.ts';
import { createIdentity } from '../../crypto/identity.ts';
import {
  askEcho,
  type EchoAnswer,
  type Entrypoint,
  localAddressTowards,
  resolveEntrypoint,
} from '../../node/bootstrap.ts';
import { SignedMessages } from '../../tasks/gossip.ts';
import { equalBytes } from '../../util/bytes.ts';
import { SystemClock } from '../../util/clock.ts';
import { formatAddress, formatIp, isLoopback, isPrivate } from '../../util/ipv4.ts';
import { osRng } from '../../util/rng.ts';
import { Message, PING_BYTES, PONG_PREFIX } from '../../wire/limits.ts';
import { type Finding, fail, ok, skip, warn, words } from './finding.ts';

const PINGS = 3;
const PING_EVERY_MS = 500;
const PONG_MS = 1_500;
const ECHO_MS = 4_000;
const PROBE_MS = 2_000;

const FIREWALL = 'allow outgoing UDP in the firewall of this machine and its network';

/** What an entrypoint said, and how long it took. */
export interface Echo {
  readonly entrypoint: Entrypoint;
  readonly answer: EchoAnswer;
  readonly tookMs: number;
}

/** Looks the names of entrypoints up. */
export async function checkNames(
  names: readonly string[],
): Promise<{ finding: Finding; entrypoints: Entrypoint[] }> {
  const results = await Promise.allSettled(names.map((name) => resolveEntrypoint(name)));
  const entrypoints = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
  const failures = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as Error] : []));
  const found = `${entrypoints.length} of ${names.length} entrypoints have an IPv4 address`;
  const [first] = failures;
  if (!first) return { finding: ok('names', found), entrypoints };
  const judge = entrypoints.length === 0 ? fail : warn;
  const mend = 'check the spelling, /etc/resolv.conf and port 53, or give addresses';
  return { finding: judge('names', `${found}: ${words(first)}`, mend), entrypoints };
}

/** Asks all entrypoints by TCP who we are. */
export async function checkEcho(
  entrypoints: readonly Entrypoint[],
): Promise<{ finding: Finding; echoes: Echo[] }> {
  const results = await Promise.allSettled(
    entrypoints.map(async (entrypoint): Promise<Echo> => {
      const startedMs = SystemClock.monoMs();
      const answer = await askEcho(entrypoint, ECHO_MS);
      return { entrypoint, answer, tookMs: SystemClock.monoMs() - startedMs };
    }),
  );
  const echoes = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
  const failures = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as Error] : []));
  const best = Math.min(...echoes.map(({ tookMs }) => tookMs));
  const quick = echoes.length > 0 ? `, the first after ${Math.ceil(best)} ms` : '';
  const found = `${echoes.length} of ${entrypoints.length} entrypoints answer by TCP${quick}`;
  if (failures.length === 0) return { finding: ok('entrypoint-echo', found), echoes };
  const judge = echoes.length === 0 ? fail : warn;
  const why = words(failures[0]);
  const mend = 'check the address and its port, and that outgoing TCP is allowed';
  return { finding: judge('entrypoint-echo', `${found}: ${why}`, mend), echoes };
}

/** A socket at the port that the spy will use. @throws SpyError as `UdpTransport` */
export class Probe {
  readonly #socket: Socket;
  readonly #messages = new SignedMessages(createIdentity());
  readonly #token = new Uint8Array(32);
  readonly #expected = new Uint8Array(32);
  #heard: (bytes: Uint8Array, ip: string) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    osRng().secret(this.#token, 0, 32);
    const input = new Uint8Array(PONG_PREFIX.length + 32);
    new TextEncoder().encodeInto(PONG_PREFIX, input);
    input.set(this.#token, PONG_PREFIX.length);
    sha256Into(input, 0, input.length, this.#expected, 0);
    socket.on('message', (bytes, { address }) => this.#heard(bytes, address));
  }

  /** @param port 0 for any */
  static open(port: number): Promise<Probe> {
    const socket = createSocket('udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ port, exclusive: true }, () => {
        socket.removeAllListeners('error');
        socket.on('error', () => {}); // each send says for itself
        resolve(new Probe(socket));
      });
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.close();
  }

  /** Pings entrypoints until one answers. @returns whether datagrams leave, and whether any comes back */
  async ping(entrypoints: readonly Entrypoint[]): Promise<[out: Finding, pong: Finding]> {
    const [error, pong] = await this.#pings(entrypoints);
    if (error) {
      const out = fail('udp-out', `datagrams do not leave this machine: ${words(error)}`, FIREWALL);
      return [out, skip('entrypoint-ping', 'nothing leaves this machine')];
    }
    const from = await localAddressTowards(entrypoints[0]!);
    const out = ok('udp-out', `datagrams leave from ${formatAddress(from, this.port)}`);
    if (pong) {
      const ms = pong.roundTripMs.toFixed(1);
      return [out, ok('entrypoint-ping', `${pong.ip} answered a ping in ${ms} ms`)];
    }
    const asked = `${entrypoints.length} ${entrypoints.length === 1 ? 'entrypoint' : 'entrypoints'}`;
    const found = `no answer by UDP from ${asked} to ${PINGS} pings each`;
    return [
      out,
      fail(
        'entrypoint-ping',
        found,
        'check that the address is a gossip port of a node that runs; allow UDP out and its answers in',
      ),
    ];
  }

  /** Asks an entrypoint to send us a datagram that we did not ask it for at that address. */
  async checkIn(echoes: readonly Echo[]): Promise<Finding> {
    const [first] = echoes;
    if (!first) return skip('udp-in', 'no entrypoint that could try it');
    let isIn = false;
    this.#heard = (bytes) => {
      if (bytes.length === 1) isIn = true;
    };
    await askEcho(first.entrypoint, ECHO_MS, undefined, this.port).catch(() => undefined);
    await until(PROBE_MS, () => isIn);
    this.#heard = () => {};
    if (isIn) return ok('udp-in', `UDP port ${this.port} can be reached by strangers`);
    return warn(
      'udp-in',
      `a datagram of ${first.entrypoint.name} did not reach UDP port ${this.port}: nodes that we did not ask cannot push to us`,
      `open UDP port ${this.port} in firewall and cloud rules, forward it where there is NAT, and keep it with --gossip-port ${this.port}`,
    );
  }

  async #pings(
    entrypoints: readonly Entrypoint[],
  ): Promise<[Error | undefined, { ip: string; roundTripMs: number } | undefined]> {
    let failed = 0;
    let error: Error | undefined;
    let pong: { ip: string; roundTripMs: number } | undefined;
    let sentMs = SystemClock.monoMs();
    this.#heard = (bytes, ip) => {
      if (bytes.length !== PING_BYTES || bytes[0] !== Message.PONG) return;
      if (!equalBytes(bytes, 36, this.#expected, 0, 32)) return;
      pong ??= { ip, roundTripMs: SystemClock.monoMs() - sentMs };
    };
    const ping = new Uint8Array(PING_BYTES);
    this.#messages.ping(ping, 0, this.#token);
    for (let i = 0; i < PINGS && !pong; i++) {
      sentMs = SystemClock.monoMs();
      for (const { ip, port } of entrypoints) {
        this.#socket.send(ping, port, formatIp(ip), (problem) => {
          if (!problem) return;
          error = problem;
          failed++;
        });
      }
      await until(i + 1 < PINGS ? PING_EVERY_MS : PONG_MS, () => pong !== undefined);
    }
    this.#heard = () => {};
    return [failed >= PINGS * entrypoints.length ? error : undefined, pong];
  }
}

/** Whether entrypoints agree on the shred version, and with the operator. @param expected 0 for whatever they say */
export function checkShredVersion(echoes: readonly Echo[], expected: number): Finding {
  const told = echoes.flatMap(({ answer }) => answer.shredVersion || []);
  const versions = [...new Set(told)];
  if (versions.length === 0) {
    if (expected !== 0) return ok('shred-version', `${expected}, as given; nobody contradicts`);
    const mend = 'give --shred-version, or another entrypoint';
    return fail('shred-version', 'no entrypoint tells it', mend);
  }
  if (versions.length > 1) {
    const mend = 'choose entrypoints of one cluster, or give --shred-version';
    return fail('shred-version', `entrypoints disagree: ${versions.join(', ')}`, mend);
  }
  if (expected !== 0 && versions[0] !== expected) {
    const mend = 'leave --shred-version out, or choose an entrypoint of that cluster';
    return fail('shred-version', `the cluster is on ${versions[0]}, not ${expected}`, mend);
  }
  const by = told.length === 1 ? 'by one entrypoint' : `by ${told.length} entrypoints alike`;
  return ok('shred-version', `${versions[0]}, told ${by}`);
}

/** Whether others see us at the address that we have. */
export async function checkAddress(echoes: readonly Echo[]): Promise<Finding> {
  const first = echoes.find(({ answer }) => answer.ip !== 0);
  if (!first) return skip('address', 'no entrypoint told how it sees us');
  const seen = first.answer.ip;
  const own = await localAddressTowards(first.entrypoint);
  if (isLoopback(seen)) return ok('address', `${formatIp(seen)}: the cluster is on this machine`);
  if (isPrivate(seen)) {
    if (isPrivate(first.entrypoint.ip))
      return ok('address', `${formatIp(seen)}, on a private network`);
    const mend = 'give --bind-address with the public one';
    return warn('address', `${formatIp(seen)} is private: validators will not talk to it`, mend);
  }
  if (seen === own) return ok('address', `${formatIp(seen)}, public, and our own`);
  return warn(
    'address',
    `others see ${formatIp(seen)}, this machine has ${formatIp(own)}: there is NAT between`,
    'forward the gossip port, UDP and TCP, to this machine and give it with --gossip-port',
  );
}

function until(limitMs: number, done: () => boolean): Promise<void> {
  const endMs = SystemClock.monoMs() + limitMs;
  return new Promise((resolve) => {
    const cancel = SystemClock.every(5, () => {
      if (!done() && SystemClock.monoMs() < endMs) return;
      cancel();
      resolve();
    });
  });
}
