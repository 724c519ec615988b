/** What a spy looks like on a terminal; `script` of util-linux plays the terminal. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import { freePort, run } from './command.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const COLUMNS = 70;

const ESC = String.fromCharCode(27);
/** To the alternative screen, and back. */
const ALTERNATIVE = new RegExp(`${ESC}\\[\\?1049[hl]`);

/** Runs a command on a terminal. @returns everything that was sent there */
async function sentTo(ctx: TestContext, columns: number, args: readonly string[]): Promise<string> {
  const command = `stty cols ${columns} rows 24; ${process.execPath} ${MAIN} ${args.join(' ')}`;
  const started = promisify(execFile)('script', ['-qec', command, '/dev/null']);
  const { stdout } = await started.catch((error: NodeJS.ErrnoException & { stdout: string }) =>
    error.code === 'ENOENT' ? ctx.skip('there is no script command here') : error,
  );
  return stdout;
}

/** Runs a command on a terminal. @returns its lines as they stand there at the end */
async function onTerminal(ctx: TestContext, ...args: readonly string[]): Promise<string[]> {
  const stdout = await sentTo(ctx, COLUMNS, args);
  // A carriage return goes back to the start of the line, ESC [ K clears the rest of it.
  return stdout.split('\r\n').map((line) => {
    let shown = '';
    for (const part of line.split('\r')) {
      const text = part.replace('\x1b[K', '');
      shown = part.includes('\x1b[K') ? text : text + shown.slice(text.length);
    }
    return shown;
  });
}

describe.concurrent('on a terminal', () => {
  it('a refusal stands on a line of its own', async (ctx) => {
    const lines = await onTerminal(ctx, 'spy', '-n', `127.0.0.1:${await freePort()}`);
    expect(lines.filter((line) => line !== '').length).toBe(1);
    expect(lines[0]).toMatch(/^earshot: No entrypoint told its shred version\./);
  });

  it('the progress line is gone at the end, warnings are sentences', async (ctx) => {
    const port = `${await freePort()}`;
    const place = ['--shred-version', '7', '--bind-address', '127.0.0.1', '--gossip-port', port];
    const light = ['--workers', '0', '--receiver', 'dgram', '--log-level', 'info'];
    const lines = await onTerminal(ctx, 'spy', ...place, ...light, '--timeout', '0.5');
    expect(lines.some((line) => line.includes('Ctrl-C ends and prints'))).toBe(false);
    expect(lines.some((line) => /^info: joined \(identity: \w+, address/.test(line))).toBe(true);
    expect(lines.some((line) => /^0 nodes: 0 answered/.test(line))).toBe(true);
    expect(lines.some((line) => line.startsWith('earshot: Nobody spoke to us.'))).toBe(true);
  });

  it('a live view takes the whole of it, and gives it back before anything is said', async (ctx) => {
    const port = `${await freePort()}`;
    const place = ['--shred-version', '7', '--bind-address', '127.0.0.1', '--gossip-port', port];
    const light = ['--workers', '0', '--receiver', 'dgram', '--timeout', '0.5'];
    const sent = await sentTo(ctx, 80, ['spy', ...place, ...light, '--watch']);
    const [before, view, after] = sent.split(ALTERNATIVE);
    expect(before).not.toContain('Earshot on');
    expect(view).toContain('Earshot on whoever speaks to us · shred version 7');
    expect(view?.endsWith(`${ESC}[?2026l${ESC}[?25h`)).toBe(true);
    expect(after).toContain('0 nodes: 0 answered');
    expect(after).toContain('earshot: Nobody spoke to us.');
  });

  it('where there is none, the live view is lines', async () => {
    const port = `${await freePort()}`;
    const place = ['--shred-version', '7', '--bind-address', '127.0.0.1', '--gossip-port', port];
    const light = ['--workers', '0', '--receiver', 'dgram', '--timeout', '0.5'];
    const { stdout } = await run('spy', ...place, ...light, '--watch');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatch(/^\d{4}-\S+Z = nodes=0 proved=0 .* unsent=0$/);
  });
});
