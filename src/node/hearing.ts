import type { Logger } from './ports.ts';

/**
 * Whoever hears nothing for so long is cut off: peers push every 7.5 s and answer us every second. The flag
 * is due within 30 s. @source reliability 6, partition
 */
const CUT_OFF_MS = 20_000;

/** Whether anybody is heard at all. */
export interface HearingReport {
  /** Since the last datagram that was accepted, or since the start. @units ms */
  readonly silentMs: number;
  readonly isCutOff: boolean;
  /** How often we were cut off, this time included. */
  readonly cutOffs: number;
}

/** Notices when a node is cut off from all others. */
export class Hearing {
  readonly #logger: Logger;
  #accepted = 0;
  #heardMs: number;
  #nowMs: number;
  #isCutOff = false;
  #cutOffs = 0;

  /** @units monoMs: monotonic */
  constructor(logger: Logger, monoMs: number) {
    this.#logger = logger;
    this.#heardMs = monoMs;
    this.#nowMs = monoMs;
  }

  /** Due every round. @param accepted datagrams that were accepted so far */
  tick(accepted: number, monoMs: number): void {
    this.#nowMs = monoMs;
    if (accepted !== this.#accepted) {
      this.#accepted = accepted;
      this.#heardMs = monoMs;
      if (this.#isCutOff) this.#logger.info({}, 'others are heard again');
      this.#isCutOff = false;
      return;
    }
    const silentMs = monoMs - this.#heardMs;
    if (this.#isCutOff || silentMs < CUT_OFF_MS) return;
    this.#isCutOff = true;
    this.#cutOffs++;
    this.#logger.warn({ silentMs: Math.round(silentMs) }, 'nobody is heard: cut off, or alone');
  }

  /** How it stands. */
  report(): HearingReport {
    return {
      silentMs: Math.round(this.#nowMs - this.#heardMs),
      isCutOff: this.#isCutOff,
      cutOffs: this.#cutOffs,
    };
  }
}
