import { formatIp, isPrivate } from '../util/ipv4.ts';
import type { EchoAnswer } from './bootstrap.ts';
import type { NodeParts } from './parts.ts';

/** How often entrypoints are asked where they see us, when nothing seems wrong. */
const CALM_MS = 600_000;

/** How soon when nobody is heard any more; doubled after each time, up to the above. */
const FIRST_MS = 10_000;

/** Between two looks at whether it is time. */
const LOOK_MS = 5_000;

/** Entrypoints asked at a time: entrypoints are hints, so two must agree where there are two. */
const ASKED = 3;

/** Asks one entrypoint for our address. @throws when it does not answer */
export type Ask = (entrypoint: {
  readonly name: string;
  readonly ip: number;
  readonly port: number;
}) => Promise<EchoAnswer>;

/**
 * Notices that our address is another one than we announce, as after a move of the machine or a new lease,
 * and announces the new one. The socket listens on all addresses, so it stays as it is.
 *
 * @source reliability 6, address change
 */
export class AddressWatch {
  /** How often a new address was announced. */
  moves = 0;
  readonly #parts: NodeParts;
  readonly #ask: Ask;
  #askedMs: number;
  #pauseMs = FIRST_MS;
  #isAsking = false;
  #isOver = false;
  #cancel: () => void = () => {};

  constructor(parts: NodeParts, ask: Ask) {
    this.#parts = parts;
    this.#ask = ask;
    this.#askedMs = parts.clock.monoMs();
  }

  start(): void {
    if (this.#parts.options.entrypoints.length === 0) return;
    this.#cancel = this.#parts.clock.every(LOOK_MS, () => this.#look());
  }

  stop(): void {
    this.#cancel();
    this.#isOver = true; // what is still asked is not heard
  }

  #look(): void {
    const { clock, hearing } = this.#parts;
    const { isCutOff } = hearing.report();
    if (!isCutOff) this.#pauseMs = FIRST_MS;
    const waitMs = isCutOff ? this.#pauseMs : CALM_MS;
    if (this.#isAsking || clock.monoMs() - this.#askedMs < waitMs) return;
    this.#askedMs = clock.monoMs();
    this.#pauseMs = Math.min(CALM_MS, 2 * this.#pauseMs);
    this.#isAsking = true;
    this.#askAll().then((ip) => {
      this.#isAsking = false;
      if (!this.#isOver) this.#heard(ip);
    }, ignore);
  }

  /** @returns the address that enough of them name, 0 when there is none */
  async #askAll(): Promise<number> {
    const { options, rng } = this.#parts;
    const left = [...options.entrypoints];
    const asked: Promise<EchoAnswer>[] = [];
    while (asked.length < ASKED && left.length > 0) {
      const [{ ip, port }] = left.splice(rng.below(left.length), 1) as [(typeof left)[number]];
      asked.push(this.#ask({ name: formatIp(ip), ip, port }));
    }
    const needed = Math.min(2, asked.length);
    const votes = new Map<number, number>();
    for (const result of await Promise.allSettled(asked)) {
      const ip = result.status === 'fulfilled' ? result.value.ip : 0;
      if (ip !== 0) votes.set(ip, (votes.get(ip) ?? 0) + 1);
    }
    for (const [ip, count] of votes) if (count >= needed) return ip;
    return 0;
  }

  #heard(ip: number): void {
    const { publisher, options, logger } = this.#parts;
    const before = publisher.ownIp;
    if (ip === 0 || ip === before || (isPrivate(ip) && !options.allowPrivate)) return;
    const sockets = publisher.contact.sockets.map((s) => (s.ip === before ? { ...s, ip } : s));
    publisher.refreshContact({ sockets });
    this.moves++;
    logger.warn({ from: formatIp(before), to: formatIp(ip) }, 'our address has changed: announced');
  }
}

/** Nobody waits for it: `allSettled` does not reject. */
function ignore(): void {}
