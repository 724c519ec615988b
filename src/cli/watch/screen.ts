import { emitKeypressEvents } from 'node:readline';
import {
  beginSynchronizedOutput,
  cursorHide,
  cursorShow,
  cursorTo,
  endSynchronizedOutput,
  enterAlternativeScreen,
  eraseScreen,
  exitAlternativeScreen,
} from 'ansi-escapes';
import type { Size } from './frame.ts';
import type { Key } from './keys.ts';
import { paint } from './paint.ts';
import type { Line } from './text.ts';

/** What a screen draws on: standard output. */
export interface Output {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Where keys come from: standard input. */
export interface Input extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

/** Who hears of what happens at the terminal. */
export interface ScreenListener {
  key(key: Key): void;
  /** The size is another, or all was wiped: draw anew. */
  redraw(): void;
  /** The terminal is gone. */
  gone(): void;
}

/**
 * The whole terminal, lent: an alternative screen without a cursor, keys as they are pressed. Whatever
 * ends the process, the terminal is given back as it was; only SIGKILL and a crash of Node itself leave no
 * time for that (`reset` mends it then).
 */
export class Screen {
  readonly #output: Output;
  readonly #input: Input;
  readonly #isColoured: boolean;
  readonly #listener: ScreenListener;
  /** What stands there, line by line. */
  #shown: string[] = [];
  #isOpen = false;

  constructor(listener: ScreenListener, isColoured: boolean, output: Output, input: Input) {
    this.#listener = listener;
    this.#isColoured = isColoured;
    this.#output = output;
    this.#input = input;
  }

  get size(): Size {
    return { columns: this.#output.columns ?? 80, rows: this.#output.rows ?? 24 };
  }

  /** Takes the terminal. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#shown = [];
    this.#output.write(enterAlternativeScreen + cursorHide + eraseScreen);
    this.#output.on('resize', this.#resized);
    process.on('exit', this.#restore);
    // Before Node tells of the error: on the alternative screen nobody would ever read it.
    process.on('uncaughtExceptionMonitor', this.#restore);
    process.on('SIGCONT', this.#continued);
    process.on('SIGHUP', this.#gone);
    if (this.#input.isTTY !== true) return;
    emitKeypressEvents(this.#input);
    this.#input.on('keypress', this.#pressed);
    this.#input.on('end', this.#gone);
    this.#input.setRawMode?.(true);
    this.#input.resume();
  }

  /** Shows a frame; only lines that differ are written, all in one go. */
  draw(frame: readonly Line[]): void {
    if (!this.#isOpen) return;
    let text = '';
    for (const [y, spans] of frame.entries()) {
      const painted = paint(spans, this.#isColoured);
      if (painted === this.#shown[y]) continue;
      this.#shown[y] = painted;
      text += cursorTo(0, y) + painted;
    }
    if (text !== '') this.#output.write(beginSynchronizedOutput + text + endSynchronizedOutput);
  }

  /** Gives the terminal back. */
  close(): void {
    this.#restore();
  }

  readonly #restore = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#restore);
    process.off('uncaughtExceptionMonitor', this.#restore);
    process.off('SIGCONT', this.#continued);
    process.off('SIGHUP', this.#gone);
    this.#output.off('resize', this.#resized);
    // Wiped before it is left: some terminals keep a part of it when the window was enlarged meanwhile.
    this.#output.write(eraseScreen + endSynchronizedOutput + cursorShow + exitAlternativeScreen);
    if (this.#input.isTTY !== true) return;
    this.#input.off('keypress', this.#pressed);
    this.#input.off('end', this.#gone);
    this.#input.setRawMode?.(false);
    this.#input.pause();
  };

  readonly #resized = (): void => {
    this.#shown = [];
    this.#output.write(eraseScreen);
    this.#listener.redraw();
  };

  /** In raw mode Ctrl-Z is a key like all others. */
  readonly #pressed = (_: string | undefined, key: Key): void => {
    if (key.ctrl === true && key.name === 'z' && process.platform !== 'win32') {
      this.close();
      process.once('SIGCONT', () => {
        this.open();
        this.#listener.redraw();
      });
      process.kill(process.pid, 'SIGTSTP');
      return;
    }
    this.#listener.key(key);
  };

  /** Whoever stopped us has used the terminal meanwhile. */
  readonly #continued = (): void => {
    this.#shown = [];
    this.#output.write(enterAlternativeScreen + cursorHide + eraseScreen);
    this.#input.setRawMode?.(true);
    this.#listener.redraw();
  };

  readonly #gone = (): void => this.#listener.gone();
}
