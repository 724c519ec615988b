import { formatAddress } from '../util/ipv4.ts';

/** Addresses remembered. */
const MAX_PEERS = 4_096;

/** What is known of an address that was asked. */
export interface Asked {
  askedMs: number;
  /** It has tested our address or answered: requests to it are not wasted. */
  readonly isOpen: boolean;
}

/** Whom we sent pull requests to, and who of them answers; the longest known are forgotten first. */
export class AskedPeers {
  /** By `ip:port`: numbers that strangers choose would be keys that collide. */
  readonly #asked = new Map<string, { askedMs: number; isOpen: boolean }>();
  #openCount = 0;

  /** How many of them answer. */
  get openCount(): number {
    return this.#openCount;
  }

  /** What is known of an address; undefined when it was not asked, or long ago. */
  get(ip: number, port: number): Asked | undefined {
    return this.#asked.get(formatAddress(ip, port));
  }

  /** Notes that an address is asked. @units monoMs: now */
  ask(ip: number, port: number, monoMs: number): void {
    const key = formatAddress(ip, port);
    const asked = this.#asked.get(key);
    if (asked) {
      asked.askedMs = monoMs;
      return;
    }
    if (this.#asked.size >= MAX_PEERS) this.#forgetOldest();
    this.#asked.set(key, { askedMs: monoMs, isOpen: false });
  }

  /** Notes that an address answers. @returns whether that is news of somebody we asked */
  open(ip: number, port: number): boolean {
    const asked = this.#asked.get(formatAddress(ip, port));
    if (!asked || asked.isOpen) return false;
    asked.isOpen = true;
    this.#openCount++;
    return true;
  }

  #forgetOldest(): void {
    for (const [key, { isOpen }] of this.#asked) {
      this.#asked.delete(key);
      if (isOpen) this.#openCount--;
      return;
    }
  }
}
