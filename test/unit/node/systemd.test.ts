import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MessageBlock } from '../../../src/node/message-block.ts';
import { SILENT_LOGGER } from '../../../src/node/ports.ts';
import { Linux, loadSyscalls, type Syscalls } from '../../../src/node/syscalls.ts';
import { ServiceManager, unixAddress, watchdogPeriodMs } from '../../../src/node/systemd.ts';
import { ManualClock } from '../../../src/util/clock.ts';

const system = loadSyscalls();

/** The service manager's end of the socket. */
class Inbox {
  readonly #system: Syscalls;
  readonly #descriptor: number;
  readonly #block: MessageBlock;
  readonly #bytes = new Uint8Array(512);

  constructor(calls: Syscalls, path: string) {
    this.#system = calls;
    this.#descriptor = calls.socket(Linux.AF_UNIX, Linux.SOCK_DGRAM, 0);
    const address = unixAddress(path)!;
    const bound = calls.bind(this.#descriptor, calls.address(address), address.length);
    expect(bound, `bound to ${path}`).toBe(0);
    this.#block = new MessageBlock(calls, 1);
  }

  /** What has come, in order. */
  take(): string[] {
    const taken: string[] = [];
    for (;;) {
      this.#block.setBytes(0, this.#system.address(this.#bytes), this.#bytes.length);
      const { MSG_DONTWAIT } = Linux;
      const count = this.#system.recvmmsg(
        this.#descriptor,
        this.#block.headerAt(0),
        1,
        MSG_DONTWAIT,
        0,
      );
      if (count < 1) return taken;
      taken.push(new TextDecoder().decode(this.#bytes.slice(0, this.#block.length(0))));
    }
  }

  close(): void {
    this.#system.close(this.#descriptor);
  }
}

describe('systemd', () => {
  for (const isAbstract of [false, true]) {
    const where = isAbstract ? 'an abstract socket' : 'a socket in the file system';
    it(`is told on ${where} that we are ready, well as long as we are, and end`, ({ skip }) => {
      if (typeof system === 'string') return skip(`no Unix datagrams here: ${system}`);
      const folder = mkdtempSync(join(tmpdir(), 'earshot-'));
      const path = isAbstract ? `@earshot-test-${process.pid}` : join(folder, 'notify');
      const inbox = new Inbox(system, path);
      const clock = new ManualClock();
      const environment = {
        NOTIFY_SOCKET: path,
        WATCHDOG_USEC: '30000000',
        WATCHDOG_PID: `${process.pid}`,
      };
      const manager = ServiceManager.find(environment, clock, SILENT_LOGGER)!;
      expect(inbox.take()).toEqual([]);
      let isWell = true;
      manager.ready(environment, 'abc at 1.2.3.4:8001', () => isWell);
      expect(inbox.take()).toEqual(['READY=1\nSTATUS=abc at 1.2.3.4:8001', 'WATCHDOG=1']);
      clock.advance(45_000);
      expect(inbox.take(), 'every half of 30 s').toEqual(Array(3).fill('WATCHDOG=1'));
      isWell = false;
      clock.advance(60_000);
      expect(inbox.take(), 'silence, and systemd acts').toEqual([]);
      isWell = true;
      manager.stopping();
      clock.advance(60_000);
      expect(inbox.take()).toEqual(['STOPPING=1']);
      inbox.close();
      manager.stopping();
      expect(manager.failed, 'nobody listens any more, which harms nobody').toBe(1);
      manager.close();
      rmSync(folder, { recursive: true, force: true });
    });
  }

  it('is not spoken to where it is not', () => {
    const clock = new ManualClock();
    for (const environment of [{}, { NOTIFY_SOCKET: '' }, { NOTIFY_SOCKET: 'not/absolute' }]) {
      expect(ServiceManager.find(environment, clock, SILENT_LOGGER)).toBeUndefined();
    }
  });

  const paths = [
    { path: '/run/notify', bytes: 2 + 11 + 1 },
    { path: '@abstract', bytes: 2 + 9 },
    { path: `/${'x'.repeat(106)}`, bytes: 2 + 108 },
    { path: `/${'x'.repeat(107)}`, bytes: undefined },
    { path: `@${'x'.repeat(107)}`, bytes: 2 + 108 },
    { path: 'relative', bytes: undefined },
    { path: '/', bytes: undefined },
  ];
  for (const { path, bytes } of paths) {
    it(`an address of ${path.length} letters from ${path.slice(0, 12)} has ${bytes} bytes`, () => {
      const address = unixAddress(path);
      expect(address?.length).toBe(bytes);
      if (address) expect([address[0], address[1]]).toEqual([1, 0]);
      if (path.startsWith('@')) expect(address?.[2]).toBe(0);
    });
  }

  const periods = [
    { environment: {}, ms: 0 },
    { environment: { WATCHDOG_USEC: '20000000' }, ms: 20_000 },
    { environment: { WATCHDOG_USEC: '20000000', WATCHDOG_PID: '77' }, ms: 20_000 },
    { environment: { WATCHDOG_USEC: '20000000', WATCHDOG_PID: '78' }, ms: 0 },
    { environment: { WATCHDOG_USEC: '0' }, ms: 0 },
    { environment: { WATCHDOG_USEC: '-5' }, ms: 0 },
    { environment: { WATCHDOG_USEC: 'soon' }, ms: 0 },
  ];
  for (const { environment, ms } of periods) {
    it(`with ${JSON.stringify(environment)} waits ${ms} ms for process 77`, () => {
      expect(watchdogPeriodMs(environment, 77)).toBe(ms);
    });
  }
});
