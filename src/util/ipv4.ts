/**
 * IPv4 addresses as unsigned numbers (a.b.c.d is a·2²⁴ + b·2¹⁶ + c·2⁸ + d): what slots, records and
 * caches hold. Text exists only at the edges.
 */

/** `127.0.0.1` */
export const LOOPBACK_IP = 0x7f000001;

/** @returns the address as a number, or -1 when `text` is no dotted IPv4 address */
export function parseIp(text: string): number {
  let value = 0;
  let part = -1;
  let parts = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (part < 0 || ++parts > 4) return -1;
      value = value * 256 + part;
      part = -1;
    } else if (code >= 48 && code <= 57) {
      part = (part < 0 ? 0 : part * 10) + code - 48;
      if (part > 255) return -1;
    } else {
      return -1;
    }
  }
  return parts === 4 && part >= 0 ? value * 256 + part : -1;
}

/** The dotted form. */
export function formatIp(ip: number): string {
  return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
}

/** `ip:port`, as contact infos are printed everywhere. */
export function formatAddress(ip: number, port: number): string {
  return `${formatIp(ip)}:${port}`;
}

/** 127.0.0.0/8 */
export const isLoopback = (ip: number): boolean => ip >>> 24 === 127;

/** 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 */
export const isPrivate = (ip: number): boolean =>
  ip >>> 24 === 10 || ip >>> 20 === 0xac1 || ip >>> 16 === 0xc0a8;

/** 224.0.0.0/4 */
export const isMulticast = (ip: number): boolean => ip >>> 28 === 14;

/**
 * Whether a datagram may be addressed there at all: a port, not 0.0.0.0, multicast or broadcast;
 * private and loopback addresses only on clusters that live on them.
 *
 * @source behaviour 10.2; agave streamer/src/socket.rs, SocketAddrSpace; the ban of 255.255.255.255 is ours
 */
export function isReachable(ip: number, port: number, allowPrivate: boolean): boolean {
  if (port === 0 || ip === 0 || ip === 0xffffffff || isMulticast(ip)) return false;
  return allowPrivate || !(isPrivate(ip) || isLoopback(ip));
}
