import type { Tap } from '../../index.ts';
import type { Clock } from '../../util/clock.ts';
import type { CaptureFile } from './capture-file.ts';
import type { SectionNotes } from './pcapng-writer.ts';

/** Datagrams kept while it is not known yet what stands at the head of the file. */
const EARLY_DATAGRAMS = 4096;

/** Puts what a node receives, and what it sends if that is wanted, into a capture. */
export class CaptureTap implements Tap {
  readonly #file: CaptureFile;
  readonly #clock: Clock;
  /** The two clocks apart: the monotonic one has fractions. */
  readonly #epochMs: number;
  readonly #withSent: boolean;
  #early: (() => void)[] | undefined = [];
  #ip = 0;
  #port = 0;
  #startMs = 0;
  #received = 0;
  #droppedEarly = 0;

  constructor(file: CaptureFile, withSent: boolean, clock: Clock) {
    this.#file = file;
    this.#withSent = withSent;
    this.#clock = clock;
    this.#epochMs = clock.wallMs() - clock.monoMs();
    this.#startMs = clock.wallMs();
  }

  readonly received = (
    bytes: Uint8Array,
    at: number,
    length: number,
    ip: number,
    port: number,
  ): void => {
    this.#received++;
    this.#take(bytes, at, length, ip, port, false);
  };

  readonly sent = (
    bytes: Uint8Array,
    at: number,
    length: number,
    ip: number,
    port: number,
  ): void => {
    if (this.#withSent) this.#take(bytes, at, length, ip, port, true);
  };

  /** Writes the head of the file, now that it is known where we are. */
  begin(ip: number, port: number, notes: SectionNotes): void {
    this.#ip = ip;
    this.#port = port;
    this.#file.begin(notes);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const add of early) add();
    this.#file.leftOut += this.#droppedEarly;
  }

  /** Writes the end of the file. @throws SpyError OUTPUT_FAILED */
  end(kernelDropped: number): Promise<void> {
    const endMs = this.#clock.wallMs();
    return this.#file.close({
      startMs: this.#startMs,
      endMs,
      received: this.#received,
      kernelDropped,
    });
  }

  #take(
    bytes: Uint8Array,
    at: number,
    length: number,
    ip: number,
    port: number,
    isSent: boolean,
  ): void {
    const timeMs = this.#epochMs + this.#clock.monoMs();
    if (!this.#early) {
      this.#add(timeMs, bytes, at, length, ip, port, isSent);
      return;
    }
    if (this.#early.length >= EARLY_DATAGRAMS) {
      this.#droppedEarly++;
      return;
    }
    const copy = bytes.slice(at, at + length);
    this.#early.push(() => this.#add(timeMs, copy, 0, length, ip, port, isSent));
  }

  #add(
    timeMs: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    ip: number,
    port: number,
    isSent: boolean,
  ): void {
    const [sourceIp, sourcePort] = isSent ? [this.#ip, this.#port] : [ip, port];
    const [destinationIp, destinationPort] = isSent ? [ip, port] : [this.#ip, this.#port];
    const ends = { timeMs, sourceIp, sourcePort, destinationIp, destinationPort, isSent };
    this.#file.add(ends, bytes, at, length, length);
  }
}
