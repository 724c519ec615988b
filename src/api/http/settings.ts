import { SpyError } from '../../util/assert.ts';
import { parseIp } from '../../util/ipv4.ts';

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/**
 * Reads `HOST:PORT`: an IPv4 address, a name, or an IPv6 address in brackets.
 *
 * @throws SpyError HTTP_ADDRESS
 */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  const looksLikeIp = host !== undefined && /^[\d.]+$/.test(host);
  if (host === undefined || port > 65_535 || (looksLikeIp && parseIp(host) < 0)) {
    throw new SpyError(
      'HTTP_ADDRESS',
      `${JSON.stringify(text)} is no address to listen at: give HOST:PORT, as 127.0.0.1:8890; 0.0.0.0 for every address of this machine, port 0 for any free one.`,
    );
  }
  return { host, port };
}

/** The URL of an address. */
export function urlOf({ host, port }: ListenAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
