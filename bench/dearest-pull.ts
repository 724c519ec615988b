/**
 * What the dearest legal pull requests cost a spy at the highest rate that it admits of a source:
 * `npm run build && node dist/bench/dearest-pull.js`. Each asks for as many entries as are ever looked at,
 * with eight keys and every bit set, so that each of these is tested eight times and nothing is sent.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { wholeNumber } from '../src/cli/options.ts';
import { SCAN_REFILL_PER_SECOND, scanCost } from '../src/gossip/budget.ts';
import { MAX_FILTER_KEYS } from '../src/gossip/policy.ts';
import { MAX_SCANNED } from '../src/gossip/pull-serve.ts';
import { SystemClock } from '../src/util/clock.ts';
import { parseIp } from '../src/util/ipv4.ts';
import { endChildren } from './e2e/child.ts';
import { ourGenerator } from './e2e/generator.ts';
import { freePort } from './e2e/measure.ts';
import { PeerSocket } from './e2e/peer-socket.ts';
import { threadTimes, timeByRole } from './e2e/proc.ts';
import { pause, startSpy, type Target } from './e2e/target.ts';
import { place, print } from './report.ts';

interface Flags {
  readonly values: number;
  readonly sources: number[];
  readonly seconds: number;
  readonly json?: boolean;
}

/** What `--json` prints of each number of sources. */
export interface DearestReport {
  readonly sources: number;
  /** Processor time above that in peace, over the requests sent. */
  readonly msARequest: number;
  /** Of one core. */
  readonly shareOfACore: number;
}

const FIRST_IP = parseIp('127.9.0.1');
const PORT = 8_777;
const FILL_SECONDS = 10;
const ORIGINS = 3_000;
/** Bits of a filter that fills the datagram, with a contact info and eight keys beside it. */
const FILTER_BITS = 6_400;
const ROLES = ['receive', 'pool', 'observer'];

/** One caller at an address of its own. */
class Caller {
  readonly #socket: PeerSocket;
  readonly #bits = new Uint8Array(FILTER_BITS / 8).fill(0xff);
  #turn = 0;

  private constructor(socket: PeerSocket) {
    this.#socket = socket;
  }

  static async open(number: number, target: number): Promise<Caller> {
    return new Caller(await PeerSocket.open(90_000 + number, FIRST_IP + number, PORT, target));
  }

  get isPinged(): boolean {
    return this.#socket.pinged > 0;
  }

  introduce(): void {
    const { peer } = this.#socket;
    this.#socket.send(peer.push(peer.contact({ wallclock: SystemClock.wallMs() })));
  }

  /** Asks for the next part of the table, of so many that it has. */
  ask(maskBits: number): void {
    const { peer } = this.#socket;
    const part = this.#turn++ & (2 ** maskBits - 1);
    const maskHigh = ((part << (32 - maskBits)) | (0xffffffff >>> maskBits)) >>> 0;
    const contact = peer.contact({ wallclock: SystemClock.wallMs() });
    const filter = { maskBits, maskHigh, keyCount: MAX_FILTER_KEYS };
    const bits = { bitLength: FILTER_BITS, bits: this.#bits };
    this.#socket.send(peer.pullRequest({ ...filter, ...bits }, contact));
  }

  close(): void {
    this.#socket.close();
  }
}

/** Processor seconds a second, by role, while something is done. */
async function shares(
  target: Target,
  seconds: number,
  act: (elapsedMs: number) => void,
): Promise<Record<string, number>> {
  const before = threadTimes(target.pid);
  const startMs = SystemClock.monoMs();
  for (;;) {
    const elapsedMs = SystemClock.monoMs() - startMs;
    if (elapsedMs >= seconds * 1_000) break;
    act(elapsedMs);
    await pause(1);
  }
  const tookS = (SystemClock.monoMs() - startMs) / 1_000;
  const used = timeByRole(before, threadTimes(target.pid), ROLES);
  return Object.fromEntries(Object.entries(used).map(([role, s]) => [role, s / tookS]));
}

/** Fills the table, measures peace, then so many sources, and says what they cost. */
async function measureSources(flags: Flags, count: number, folder: string): Promise<DearestReport> {
  const target = await startSpy({ folder, port: await freePort() });
  const row = { name: '', rate: 3_000, unique: flags.values / FILL_SECONDS, origins: ORIGINS };
  const load = { seconds: FILL_SECONDS, garbage: 0, seed: 1 };
  const nothing = (): void => {};
  const { report } = await ourGenerator(folder)(target.port, row, load, nothing, nothing);
  const maskBits = Math.max(6, Math.ceil(Math.log2(report.labels / MAX_SCANNED)));
  const entries = report.labels / 2 ** maskBits;
  const rate = SCAN_REFILL_PER_SECOND / scanCost(entries, MAX_FILTER_KEYS);
  const callers: Caller[] = [];
  for (let i = 0; i < count; i++) callers.push(await Caller.open(i, target.port));
  const endMs = SystemClock.monoMs() + 20_000;
  while (callers.some(({ isPinged }) => !isPinged) && SystemClock.monoMs() < endMs) {
    for (const caller of callers) caller.introduce();
    await pause(2_500);
  }
  const peace = await shares(target, flags.seconds, nothing);
  let sent = 0;
  const asked = await shares(target, flags.seconds, (ms) => {
    const due = Math.floor((ms * rate * count) / 1_000);
    for (; sent < due; sent++) callers[sent % count]!.ask(maskBits);
  });
  await pause(500);
  for (const caller of callers) caller.close();
  const { stats } = await target.stop();
  const outcomes = Object.entries(stats?.datagrams.outcomes ?? {});
  const refused = outcomes.filter(([name]) => /^(SHED|PULL_REQUEST)_/.test(name));
  const share = (role: string): number => 100 * ((asked[role] ?? 0) - (peace[role] ?? 0));
  const sum = [...ROLES, 'main', 'engine'].reduce((all, role) => all + share(role), 0);
  const each = ['pool', 'main', 'receive'].map((role) => `${role} ${share(role).toFixed(2)}`);
  const msARequest = (10 * sum * flags.seconds) / sent;
  const found = { sources: count, msARequest, shareOfACore: sum / 100 };
  if (flags.json) return found;
  print(
    `${count} sources, ${report.labels} values, ${Math.round(entries)} entries a request, ${rate.toFixed(1)} requests/s each: ${sent} sent, refused ${JSON.stringify(Object.fromEntries(refused))}; ${sum.toFixed(2)} % of a core above peace (${each.join(', ')}), ${msARequest.toFixed(3)} ms a request`,
  );
  return found;
}

async function run(flags: Flags): Promise<void> {
  if (!flags.json) print(place());
  const folder = mkdtempSync(join(tmpdir(), 'earshot-dearest-'));
  const found: DearestReport[] = [];
  try {
    for (const count of flags.sources) found.push(await measureSources(flags, count, folder));
    if (flags.json) print(JSON.stringify(found));
  } finally {
    endChildren();
    rmSync(folder, { recursive: true, force: true });
  }
}

const numbers = (text: string): number[] => text.split(',').map(wholeNumber(1, 10_000));

await new Command('dearest-pull')
  .description('Asks a spy the dearest questions as often as it answers them.')
  .option('--values <NUM>', 'that are sent to fill its table', wholeNumber(1_000, 200_000), 90_000)
  .option('--sources <LIST>', 'addresses that ask, one run for each', numbers, [1, 16, 64])
  .option('--seconds <SECONDS>', 'how long', wholeNumber(1, 600), 20)
  .option('--json', 'one JSON document on stdout')
  .action((flags: Flags) => run(flags))
  .parseAsync();
