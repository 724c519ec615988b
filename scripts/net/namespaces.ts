/** Two network namespaces with a wire between them: what happens to it happens to nobody else. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';

/** The one side, whose node is tried, and the other. */
export type Side = 'a' | 'b';

/** Addresses of the sides, and one that side a may move to. */
export const ADDRESS = { a: '10.231.7.1', b: '10.231.7.2', moved: '10.231.7.3' } as const;
const BITS = '/24';

/** A bad line. */
const NETEM = 'loss 20% delay 20ms 10ms reorder 25% duplicate 5% corrupt 1%'.split(' ');

/** Classic BPF: loads a random word, and drops when it is in the lowest fifth. */
const DROP_ONE_IN_FIVE = `4,32 0 0 4294963256,37 0 1 ${Math.floor(2 ** 32 / 5)},6 0 0 4294967295,6 0 0 2`;

/** @returns why there are none here, undefined when there are */
export function whyNone(): string | undefined {
  if (process.platform !== 'linux') return `namespaces need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'namespaces need root';
  const name = `earshot-try-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.error) return `no program ip: ${made.error.message}`;
  if (made.status !== 0) return `ip netns add: ${made.stderr.trim()}`;
  spawnSync('ip', ['netns', 'del', name]);
  return undefined;
}

/** Both namespaces, until they are closed. */
export class Namespaces {
  readonly #names: Readonly<Record<Side, string>>;
  readonly #link: Readonly<Record<Side, string>>;
  readonly #children: ChildProcess[] = [];

  constructor() {
    const { pid } = process;
    this.#names = { a: `earshot-a-${pid}`, b: `earshot-b-${pid}` };
    this.#link = { a: `ea${pid}`, b: `eb${pid}` };
    for (const side of ['a', 'b'] as const) execFileSync('ip', ['netns', 'add', this.#names[side]]);
    execFileSync('ip', [
      ...['link', 'add', this.#link.a, 'netns', this.#names.a],
      ...['type', 'veth', 'peer', 'name', this.#link.b, 'netns', this.#names.b],
    ]);
    for (const side of ['a', 'b'] as const) {
      this.ip(side, 'addr', 'add', `${ADDRESS[side]}${BITS}`, 'dev', this.#link[side]);
      this.ip(side, 'link', 'set', this.#link[side], 'up');
      this.ip(side, 'link', 'set', 'lo', 'up');
    }
  }

  /** Runs `ip` on a side. */
  ip(side: Side, ...args: readonly string[]): string {
    return execFileSync('ip', ['-n', this.#names[side], ...args], { encoding: 'utf8' });
  }

  /** Takes the link of side a down, or up again. */
  setLink(state: 'down' | 'up'): void {
    this.ip('a', 'link', 'set', this.#link.a, state);
  }

  /** Takes the way out of side a away, or gives it back. */
  setRoute(isThere: boolean): void {
    const route = ['10.231.7.0/24', 'dev', this.#link.a];
    this.ip('a', 'route', isThere ? 'add' : 'del', ...route, ...(isThere ? ['scope', 'link'] : []));
  }

  /** Gives side a another address. */
  move(from: string, to: string): void {
    this.ip('a', 'addr', 'del', `${from}${BITS}`, 'dev', this.#link.a);
    this.ip('a', 'addr', 'add', `${to}${BITS}`, 'dev', this.#link.a);
  }

  /** Makes the link of side a as slow as this, or as fast as it is. @returns whether the kernel can */
  slow(rate: string | undefined): boolean {
    const args = ['netns', 'exec', this.#names.a, 'tc', 'qdisc'];
    if (rate === undefined) {
      return spawnSync('ip', [...args, 'del', 'dev', this.#link.a, 'root']).status === 0;
    }
    const tbf = ['tbf', 'rate', rate, 'burst', '4kb', 'latency', '50ms'];
    return spawnSync('ip', [...args, 'add', 'dev', this.#link.a, 'root', ...tbf]).status === 0;
  }

  /**
   * Makes the link of side a lose a fifth of what goes either way, or nothing any more.
   *
   * @returns `netem` where the kernel has it, which also delays, reorders, doubles and turns bits; `bpf` where it
   *   can only drop; undefined when it can do neither
   */
  lose(isOn: boolean): 'netem' | 'bpf' | undefined {
    const tc = (...args: readonly string[]): boolean =>
      spawnSync('ip', ['netns', 'exec', this.#names.a, 'tc', ...args]).status === 0;
    const dev = ['dev', this.#link.a];
    if (!isOn) return tc('qdisc', 'del', ...dev, 'root') ? 'netem' : this.#unlose(tc);
    if (tc('qdisc', 'add', ...dev, 'root', 'netem', ...NETEM)) return 'netem';
    if (!tc('qdisc', 'add', ...dev, 'clsact')) return undefined;
    const drop = ['bpf', 'da', 'bytecode', DROP_ONE_IN_FIVE];
    const ways = ['ingress', 'egress'].map((way) => tc('filter', 'add', ...dev, way, ...drop));
    if (ways.every((isDone) => isDone)) return 'bpf';
    this.#unlose(tc);
    return undefined;
  }

  #unlose(tc: (...args: readonly string[]) => boolean): 'bpf' | undefined {
    return tc('qdisc', 'del', 'dev', this.#link.a, 'clsact') ? 'bpf' : undefined;
  }

  /** Packets that the link of side a has lost so far, as its disciplines count. */
  lost(): number {
    const args = ['netns', 'exec', this.#names.a, 'tc', '-s', '-j', 'qdisc', 'show', 'dev'];
    const text = execFileSync('ip', [...args, this.#link.a], { encoding: 'utf8' });
    const all = JSON.parse(text) as { drops?: number }[];
    return all.reduce((sum, { drops = 0 }) => sum + drops, 0);
  }

  /** Lets side a answer a network that is not there, by way of side b, where one address of it is. */
  invent(network: string, address: string): void {
    this.ip('a', 'route', 'add', network, 'via', ADDRESS.b);
    this.ip('b', 'addr', 'add', `${address}/32`, 'dev', 'lo');
  }

  /** Bytes and packets that have come in and gone out on the link of side a. */
  traffic(): { bytesIn: number; packetsIn: number; bytesOut: number; packetsOut: number } {
    const [link] = JSON.parse(this.ip('a', '-j', '-s', 'link', 'show', this.#link.a)) as {
      stats64: Record<'rx' | 'tx', { bytes: number; packets: number }>;
    }[];
    const { rx, tx } = link!.stats64;
    return {
      bytesIn: rx.bytes,
      packetsIn: rx.packets,
      bytesOut: tx.bytes,
      packetsOut: tx.packets,
    };
  }

  /** Starts Node on a side. */
  node(side: Side, args: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#names[side], process.execPath, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return child;
  }

  /** Ends whatever still runs there, then both. */
  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const side of ['a', 'b'] as const) spawnSync('ip', ['netns', 'del', this.#names[side]]);
  }
}
