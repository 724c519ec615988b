/**
 * A hundred thousand fresh identities, each of which proves an address, over real sockets against a spy as
 * people start it: `npm run build && node dist/scripts/newcomers.js`. Who was there before, has stake or is an
 * entrypoint must still be there at the end.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { endChildren } from '../bench/e2e/child.ts';
import { freePort } from '../bench/e2e/measure.ts';
import { SHRED_VERSION } from '../bench/e2e/rows.ts';
import { pause, startSpy } from '../bench/e2e/target.ts';
import { print } from '../bench/report.ts';
import { MadeUpNodes, madeUpIp } from '../src/cli/made-up/nodes.ts';
import { DatagramSender, sendPaced } from '../src/cli/made-up/paced-sender.ts';
import { wholeNumber } from '../src/cli/options.ts';
import { SystemClock } from '../src/util/clock.ts';
import { formatIp, LOOPBACK_IP } from '../src/util/ipv4.ts';
import { type Rng, seededRng } from '../src/util/rng.ts';
import { setValuesCount, writeValuesHeader } from '../src/wire/encode.ts';
import { Message, VALUES_HEADER_BYTES } from '../src/wire/limits.ts';
import { makeContact, makeOrigins, type Origin } from './blast/made-up-values.ts';

/** Who is there first: one entrypoint, then those with stake, then those without. */
const STAKED = 300;
const OLD = 500;
const KNOWN = 1 + STAKED + OLD;
/** All made-up nodes of a run have this port, which no other run has. */
const LEAST_PORT = 20_000;
const PORTS = 10_000;
/** Contact infos a second: the spy pings no more than a thousand addresses in one. */
const RATE = 950;
/** Contact infos of a datagram, where nobody has to be pinged. */
const TOGETHER = 4;
const ROUNDS = 8;
const SETTLE_MS = 300;
/** Known nodes say anew that they are there: who has no stake is forgotten after 15 s. */
const RENEW_MS = 4_000;

interface Flags {
  readonly count: number;
  readonly chunk: number;
  readonly lasting: number;
  readonly stakes: boolean;
}

/** A crowd of made-up nodes that introduces itself to the spy. */
class Crowd {
  readonly #sender: DatagramSender;
  readonly #header = new Uint8Array(VALUES_HEADER_BYTES);

  constructor(sender: DatagramSender, from: Origin) {
    this.#sender = sender;
    writeValuesHeader(this.#header, 0, Message.PUSH, from.identity.publicKey, 0, 1);
  }

  /** Each says that it is there, one a datagram: a careful node pings one named address for each. */
  async introduce(origins: readonly Origin[], rate: number): Promise<void> {
    const send = (i: number): void => {
      const contact = makeContact(origins[i]!, SHRED_VERSION, SystemClock.wallMs());
      this.#sender.copy(Buffer.concat([this.#header, contact]));
    };
    const due = (ms: number): number => Math.floor((ms * rate) / 1_000);
    await sendPaced(this.#sender, SystemClock, origins.length, due, send);
  }

  /** Those who proved an address say again that they live, some a datagram. */
  async repeat(origins: readonly Origin[], rate: number): Promise<void> {
    const send = (i: number): void => {
      const some = origins.slice(i * TOGETHER, (i + 1) * TOGETHER);
      const contacts = some.map((one) => makeContact(one, SHRED_VERSION, SystemClock.wallMs()));
      const header = this.#header.slice();
      setValuesCount(header, 0, contacts.length);
      this.#sender.copy(Buffer.concat([header, ...contacts]));
    };
    const due = (ms: number): number => Math.floor((ms * rate) / 1_000 / TOGETHER);
    await sendPaced(this.#sender, SystemClock, Math.ceil(origins.length / TOGETHER), due, send);
  }

  /** Opens their addresses and introduces them until all were asked, or it is enough. @returns how many were */
  async settle(origins: readonly Origin[]): Promise<[MadeUpNodes, number]> {
    const nodes = new MadeUpNodes();
    await nodes.open(origins);
    if (nodes.refused > 0) throw new Error(`${nodes.refused} addresses refused: ${nodes.reason}`);
    for (let round = 0; round < ROUNDS && nodes.proved < origins.length; round++) {
      await this.introduce(origins, RATE);
      await pause(SETTLE_MS);
    }
    return [nodes, nodes.proved];
  }
}

function someOrigins(first: number, count: number, port: number, rng: Rng): Origin[] {
  return makeOrigins(count, port, rng).map((one, i) => ({ ...one, ip: madeUpIp(first + i) }));
}

/** Chunk after chunk of fresh identities; the latest stay as long as there is no room for more. */
async function flood(
  crowd: Crowd,
  { count, chunk, lasting }: Flags,
  port: number,
  rng: Rng,
): Promise<{ proved: number; seconds: number }> {
  const startMs = SystemClock.monoMs();
  const stay: Origin[] = [];
  let proved = 0;
  let isOver = false;
  const repeating = (async () => {
    while (!isOver) {
      await crowd.repeat([...stay], RATE);
      await pause(SETTLE_MS);
    }
  })();
  for (let first = 0; first < count; first += chunk) {
    const origins = someOrigins(KNOWN + first, Math.min(chunk, count - first), port, rng);
    const [nodes, heard] = await crowd.settle(origins);
    proved += heard;
    await nodes.close();
    stay.push(...origins);
    stay.splice(0, Math.max(0, stay.length - lasting));
    if ((first / chunk) % 5 === 4) print(`  ${first + chunk} came, ${proved} proved their address`);
  }
  isOver = true;
  await repeating;
  return { proved, seconds: (SystemClock.monoMs() - startMs) / 1_000 };
}

/** Identities of whom something is in the table. */
function held(dump: string): Set<string> {
  const lines = readFileSync(dump, 'utf8').trim().split('\n');
  const values = lines.map(
    (line) => JSON.parse(line) as { from?: string; contactInfo?: { pubkey: string } },
  );
  return new Set(values.map(({ from, contactInfo }) => from ?? contactInfo?.pubkey ?? ''));
}

async function run(flags: Flags, folder: string): Promise<boolean> {
  const rng = seededRng(SystemClock.wallMs() % 2 ** 32);
  const port = LEAST_PORT + rng.below(PORTS);
  const known = someOrigins(0, KNOWN, port, rng);
  const stakes = join(folder, 'stakes.json');
  const staked = known.slice(1, 1 + STAKED).map(({ identity }, i) => [identity.address, 1e12 + i]);
  writeFileSync(stakes, JSON.stringify(Object.fromEntries(staked)));
  const spyArgs = ['-n', `${formatIp(known[0]!.ip)}:${port}`];
  if (flags.stakes) spyArgs.push('--stakes', stakes);
  const target = await startSpy({ folder, port: await freePort(), spyArgs });
  const sender = await DatagramSender.open('127.0.0.1', LOOPBACK_IP, target.port);
  const crowd = new Crowd(sender, known[0]!);
  const [nodes, proved] = await crowd.settle(known);
  print(`load ${loadavg()[0]?.toFixed(1)}; ${proved} of ${KNOWN} known nodes proved their address`);
  let renewing = Promise.resolve();
  const stop = SystemClock.every(RENEW_MS, () => {
    renewing = renewing.then(() => crowd.repeat(known, RATE));
  });
  const come = await flood(crowd, flags, port, rng);
  stop();
  await renewing;
  await pause(1_000);
  const { stats } = await target.stop();
  await nodes.close();
  await sender.close();
  const there = held(join(folder, `dump-${target.port}.jsonl`));
  const left = (from: number, to: number): number =>
    known.slice(from, to).filter(({ identity }) => there.has(identity.address)).length;
  const kept = [left(0, 1), left(1, 1 + STAKED), left(1 + STAKED, KNOWN)];
  const shed = Object.entries(stats?.datagrams.outcomes ?? {}).filter(([name]) =>
    name.startsWith('SHED_'),
  );
  const dropped = `${stats?.datagrams.kernelDropped} of ${stats?.datagrams.received} datagrams dropped by the kernel, shed ${JSON.stringify(Object.fromEntries(shed))}`;
  print(
    `${flags.count} fresh identities in ${come.seconds.toFixed(0)} s, ${come.proved} proved their address; ${there.size} identities held; ${dropped}; loop delay p99 ${stats?.process.eventLoopDelayP99Ms.toFixed(0)} ms`,
  );
  print(
    `kept: pinned ${kept[0]} of 1, ${flags.stakes ? 'staked' : 'the first'} ${kept[1]} of ${STAKED}, proved before ${kept[2]} of ${OLD}`,
  );
  return kept.join() === [1, STAKED, OLD].join();
}

const program = new Command('newcomers')
  .description('Floods a spy with fresh identities that prove their addresses.')
  .option('--count <NUM>', 'fresh identities', wholeNumber(1, 1_000_000), 100_000)
  .option('--chunk <NUM>', 'at a time; each takes a socket', wholeNumber(1, 15_000), 2_000)
  .option(
    '--lasting <NUM>',
    'of the latest, go on saying that they live',
    wholeNumber(0, 20_000),
    8_500,
  )
  .option('--no-stakes', 'nobody’s stake is known: then nobody is forgotten for days');
program.parse();
const folder = mkdtempSync(join(tmpdir(), 'earshot-newcomers-'));
try {
  process.exitCode = (await run(program.opts<Flags>(), folder)) ? 0 : 1;
} finally {
  endChildren();
  rmSync(folder, { recursive: true, force: true });
}
