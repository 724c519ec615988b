/**
 * Runs inside a namespace: datagrams whose sources are forged, by a raw socket. Half are true pings of ever new
 * keys, half contact infos of ever new keys that all name one victim, whose socket is here; what reaches it is
 * counted. Prints that number, or why there are no raw sockets.
 */
import { createSocket } from 'node:dgram';
import { loadSyscalls } from '../../src/node/syscalls.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { parseIp } from '../../src/util/ipv4.ts';
import { osRng } from '../../src/util/rng.ts';
import { Peer } from '../../test/unit/node/peer.ts';

const SOCK_RAW = 3;
/** The header is ours as well. */
const IPPROTO_RAW = 255;
const IPPROTO_UDP = 17;
const IP_BYTES = 20;
const UDP_BYTES = 8;
const TTL = 64;
const SOURCE_PORT = 8_001;
/** Answers to the last datagram are under way. */
const WAIT_MS = 3_000;
/** Datagrams between two rests of a millisecond: the other side shall lose none. */
const BURST = 4;

const [target = '', port = '0', count = '0', network = '', victim = '', shred = '0'] =
  process.argv.slice(2);

/** A datagram with its headers; the kernel fills in its length and the checksum. */
function wrap(payload: Uint8Array, source: number): Uint8Array {
  const bytes = new Uint8Array(IP_BYTES + UDP_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  view.setUint16(2, bytes.length);
  bytes[8] = TTL;
  bytes[9] = IPPROTO_UDP;
  view.setUint32(12, source);
  view.setUint32(16, parseIp(target));
  view.setUint16(IP_BYTES, SOURCE_PORT);
  view.setUint16(IP_BYTES + 2, Number(port));
  view.setUint16(IP_BYTES + 4, UDP_BYTES + payload.length);
  bytes.set(payload, IP_BYTES + UDP_BYTES);
  return bytes;
}

async function forge(): Promise<string> {
  const system = loadSyscalls();
  if (typeof system === 'string') return system;
  const raw = system.socket(2, SOCK_RAW, IPPROTO_RAW);
  if (raw < 0) return `no raw sockets: error ${system.errno()}`;
  const name = new Uint8Array(16);
  name[0] = 2;
  new DataView(name.buffer).setUint32(4, parseIp(target));
  const rng = osRng();
  const listener = createSocket('udp4');
  let arrived = 0;
  listener.on('message', () => arrived++);
  await new Promise<void>((resolve) => listener.bind(SOURCE_PORT, victim, resolve));
  const named = { ip: parseIp(victim), port: SOURCE_PORT, shredVersion: Number(shred) };
  let sent = 0;
  for (let i = 0; i < Number(count); i++) {
    const peer = new Peer(1_000 + i);
    const token = new Uint8Array(32);
    rng.fill(token);
    const contact = { ...named, wallclock: SystemClock.wallMs() };
    const payload = i % 2 === 0 ? peer.ping(token) : peer.push(peer.contact(contact));
    const bytes = wrap(payload, parseIp(network) + 256 + rng.below(60_000));
    const [at, to] = [system.address(bytes), system.address(name)];
    if (system.sendto(raw, at, bytes.length, 0, to, name.length) === bytes.length) sent++;
    if (i % BURST === 0) await new Promise<void>((resolve) => SystemClock.after(1, resolve));
  }
  await new Promise<void>((resolve) => SystemClock.after(WAIT_MS, resolve));
  listener.close();
  system.close(raw);
  return JSON.stringify({ sent, arrived });
}

process.stdout.write(`${await forge()}\n`);
