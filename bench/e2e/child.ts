import { type ChildProcess, spawn } from 'node:child_process';

/** Children that run: they end with us, however we end. */
const running = new Set<ChildProcess>();

/** Ends every child that still runs, each by its own id. */
export function endChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** How a child is started. */
export interface ChildOptions {
  /** Keeps what it prints. */
  readonly keepOutput?: boolean;
  /** Called with each line of its standard error. */
  readonly onLine?: (line: string) => void;
  /** Opens a channel for messages. */
  readonly channel?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** A process of ours, with what it prints. */
export class Child {
  readonly process: ChildProcess;
  /** Exit status, or the name of a signal. */
  readonly ended: Promise<number | string>;
  output = '';
  /** The last lines of its standard error, for messages about its end. */
  complaints: string[] = [];

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    const out = options.keepOutput ? 'pipe' : 'ignore';
    const child = spawn(command, args, {
      stdio: ['ignore', out, 'pipe', ...(options.channel ? (['ipc'] as const) : [])],
      ...(options.env ? { env: options.env } : {}),
    });
    this.process = child;
    running.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        this.complaints.push(line);
        if (this.complaints.length > 20) this.complaints.shift();
        options.onLine?.(line);
      }
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        running.delete(child);
        resolve(code ?? signal ?? 'unknown');
      });
    });
    this.ended.catch(() => {}); // who waits for it is told
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Its last line, as JSON. @throws Error with what it complained of, when there is none */
  lastJson(): unknown {
    const line = this.output.trim().split('\n').at(-1) ?? '';
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`No result came back:\n${this.complaints.join('\n')}`);
    }
  }
}
