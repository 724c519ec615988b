import type { Clock } from '../util/clock.ts';
import type { Logger } from './ports.ts';
import { Linux, loadSyscalls, type Syscalls } from './syscalls.ts';

/** Longest path of a Unix socket. @source include/uapi/linux/un.h */
const PATH_BYTES = 108;
const FAMILY_BYTES = 2;

/** A state is said when half of the time is over in which it must be. @source sd_watchdog_enabled(3) */
const PINGS_PER_PERIOD = 2;

/** Microseconds in a millisecond: what the variable counts in. */
const US_PER_MS = 1_000;

/** The variables by which a service manager speaks to us. */
export type NotifyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Tells systemd how the process does, by the datagrams of sd_notify: that it is ready, that it is well,
 * that it ends. Node has no Unix datagram sockets, so they come from the system calls; without these, or
 * without a service manager, there is nobody to tell, and nothing is told.
 *
 * @source sd_notify(3)
 */
export class ServiceManager {
  readonly #system: Syscalls;
  readonly #address: Uint8Array;
  readonly #clock: Clock;
  #descriptor: number;
  #cancel: () => void = () => {};
  /** Datagrams that the system refused. */
  failed = 0;

  private constructor(system: Syscalls, address: Uint8Array, descriptor: number, clock: Clock) {
    this.#system = system;
    this.#address = address;
    this.#descriptor = descriptor;
    this.#clock = clock;
  }

  /** @returns undefined when nobody supervises us that wants to be told */
  static find(
    environment: NotifyEnvironment,
    clock: Clock,
    logger: Logger,
  ): ServiceManager | undefined {
    const path = environment['NOTIFY_SOCKET'];
    if (path === undefined || path === '') return undefined;
    const system = loadSyscalls();
    const address = unixAddress(path);
    if (typeof system === 'string' || address === undefined) {
      const reason = typeof system === 'string' ? system : `${path} is no path of a Unix socket`;
      logger.warn({ reason }, 'systemd cannot be told how we do: use Type=simple, no WatchdogSec');
      return undefined;
    }
    const descriptor = system.socket(Linux.AF_UNIX, Linux.SOCK_DGRAM | Linux.SOCK_CLOEXEC, 0);
    if (descriptor < 0) return undefined;
    return new ServiceManager(system, address, descriptor, clock);
  }

  /**
   * The node works: says so, and from now on says that it is well, as often as the manager wishes.
   *
   * @param isWell whether what makes us useful goes on; asked on main, so that it also tells that main lives
   */
  ready(environment: NotifyEnvironment, status: string, isWell: () => boolean): void {
    this.#tell(`READY=1\nSTATUS=${status}`);
    const periodMs = watchdogPeriodMs(environment, process.pid);
    if (periodMs === 0) return;
    this.#tell('WATCHDOG=1');
    this.#cancel = this.#clock.every(periodMs / PINGS_PER_PERIOD, () => {
      if (isWell()) this.#tell('WATCHDOG=1');
    });
  }

  /** The node is about to end. */
  stopping(): void {
    this.#cancel();
    this.#tell('STOPPING=1');
  }

  /** Frees the socket. */
  close(): void {
    this.#cancel();
    if (this.#descriptor >= 0) this.#system.close(this.#descriptor);
    this.#descriptor = -1;
  }

  #tell(text: string): void {
    if (this.#descriptor < 0) return;
    const bytes = new TextEncoder().encode(text);
    const { length } = this.#address;
    const flags = Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL;
    const at = this.#system.address(bytes);
    const to = this.#system.address(this.#address);
    const sent = this.#system.sendto(this.#descriptor, at, bytes.length, flags, to, length);
    if (sent !== bytes.length) this.failed++;
  }
}

/** A sockaddr_un; a leading @ stands for the abstract namespace. @returns undefined for no such path */
export function unixAddress(path: string): Uint8Array | undefined {
  const bytes = new TextEncoder().encode(path);
  const isAbstract = path.startsWith('@');
  if (!isAbstract && !path.startsWith('/')) return undefined;
  // A path ends with a zero, an abstract name with its length.
  const length = FAMILY_BYTES + bytes.length + (isAbstract ? 0 : 1);
  if (length > FAMILY_BYTES + PATH_BYTES || bytes.length < 2) return undefined;
  const address = new Uint8Array(length);
  address[0] = Linux.AF_UNIX;
  address.set(bytes, FAMILY_BYTES);
  if (isAbstract) address[FAMILY_BYTES] = 0;
  return address;
}

/** How long the manager waits for a sign of life, ms; 0 when it does not, or waits for another process. */
export function watchdogPeriodMs(environment: NotifyEnvironment, pid: number): number {
  const { WATCHDOG_USEC: text = '', WATCHDOG_PID: of } = environment;
  const periodUs = Number(text);
  if (!/^\d+$/.test(text) || periodUs < 1) return 0;
  if (of !== undefined && of !== '' && Number(of) !== pid) return 0;
  return periodUs / US_PER_MS;
}
