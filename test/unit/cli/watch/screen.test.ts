import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Key } from '../../../../src/cli/watch/keys.ts';
import { type Input, type Output, Screen } from '../../../../src/cli/watch/screen.ts';
import { line } from '../../../../src/cli/watch/text.ts';

const ALTERNATIVE = '\x1b[?1049h';
const NORMAL = '\x1b[?1049l';
const SHOW_CURSOR = '\x1b[?25h';

class FakeOutput extends EventEmitter implements Output {
  columns = 80;
  rows = 24;
  text = '';

  write(text: string): boolean {
    this.text += text;
    return true;
  }

  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

class FakeInput extends PassThrough implements Input {
  readonly isTTY = true;
  isRaw = false;

  setRawMode(mode: boolean): void {
    this.isRaw = mode;
  }
}

function open() {
  const output = new FakeOutput();
  const input = new FakeInput();
  const keys: Key[] = [];
  let redraws = 0;
  let gone = 0;
  const listener = {
    key: (key: Key): void => {
      keys.push(key);
    },
    redraw: (): void => {
      redraws++;
    },
    gone: (): void => {
      gone++;
    },
  };
  const screen = new Screen(listener, true, output, input);
  screen.open();
  return { screen, output, input, keys, counts: () => ({ redraws, gone }) };
}

const listeners = (): number[] =>
  ['exit', 'uncaughtExceptionMonitor', 'SIGCONT', 'SIGHUP'].map((name) =>
    process.listenerCount(name),
  );

describe('the screen', () => {
  it('is taken and given back as it was', () => {
    const before = listeners();
    const { screen, output, input } = open();
    expect(output.take()).toContain(ALTERNATIVE);
    expect(input.isRaw).toBe(true);
    screen.close();
    const end = output.take();
    expect(end.endsWith(SHOW_CURSOR + NORMAL)).toBe(true);
    expect(input.isRaw).toBe(false);
    expect(listeners()).toEqual(before);
    screen.close();
    screen.draw([line('late')]);
    expect(output.take()).toBe('');
  });

  for (const event of ['exit', 'uncaughtExceptionMonitor'] as const) {
    it(`is given back on ${event}`, () => {
      const before = process.listeners(event as 'exit');
      const { screen, output, input } = open();
      output.take();
      const added = process.listeners(event as 'exit').filter((one) => !before.includes(one));
      expect(added.length).toBe(1);
      for (const listener of added) listener(1);
      expect(output.take()).toContain(NORMAL);
      expect(input.isRaw).toBe(false);
      screen.close();
      expect(output.text).toBe('');
    });
  }

  it('writes only lines that differ, as one synchronized write', () => {
    const { screen, output } = open();
    output.take();
    screen.draw([line('one'), line('two', 'head')]);
    expect(output.take()).toBe('\x1b[?2026h\x1b[1;1Hone\x1b[2;1H\x1b[1mtwo\x1b[0m\x1b[?2026l');
    screen.draw([line('one'), line('three')]);
    expect(output.take()).toBe('\x1b[?2026h\x1b[2;1Hthree\x1b[?2026l');
    screen.draw([line('one'), line('three')]);
    expect(output.take()).toBe('');
    screen.close();
  });

  it('is drawn anew in another size', () => {
    const { screen, output, counts } = open();
    screen.draw([line('one')]);
    output.take();
    output.columns = 100;
    output.emit('resize');
    expect(counts().redraws).toBe(1);
    expect(screen.size).toEqual({ columns: 100, rows: 24 });
    output.take();
    screen.draw([line('one')]);
    expect(output.take()).toContain('one');
    screen.close();
  });

  it('hands keys on, and the end of the terminal', async () => {
    const { screen, input, keys, counts } = open();
    input.write('s\x1b[B');
    await new Promise((resolve) => setImmediate(resolve));
    expect(keys.map(({ name }) => name)).toEqual(['s', 'down']);
    input.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(counts().gone).toBe(1);
    screen.close();
  });
});
