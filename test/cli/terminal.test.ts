/** What a spy looks like on a terminal; `script` of util-linux plays the terminal. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import { freePort } from './command.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const COLUMNS = 70;

/** Runs a command on a terminal. @returns its lines as they stand there at the end */
async function onTerminal(ctx: TestContext, ...args: readonly string[]): Promise<string[]> {
  const command = `stty cols ${COLUMNS}; ${process.execPath} ${MAIN} ${args.join(' ')}`;
  const started = promisify(execFile)('script', ['-qec', command, '/dev/null']);
  const { stdout } = await started.catch((error: NodeJS.ErrnoException & { stdout: string }) =>
    error.code === 'ENOENT' ? ctx.skip('there is no script command here') : error,
  );
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
});
