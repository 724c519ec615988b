import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '../../src/util/clock.ts';
import { ROOT } from '../harness.ts';
import { Child } from './child.ts';
import type { Load, Row } from './rows.ts';
import { SHRED_VERSION } from './rows.ts';
import { pause } from './target.ts';

/** What both generators say at the end. */
export interface GeneratorReport {
  readonly datagrams: number;
  readonly provedOrigins: number;
  readonly warmSeconds: number;
  /** Values that the target must hold besides its own. */
  readonly labels: number;
  readonly winnersSha256: string;
  readonly seconds: number;
  readonly rate: number;
}

/** What came of a blast. */
export interface Blasted {
  readonly report: GeneratorReport;
  /** SHA-256 of each value that must be there, where the generator tells. */
  readonly winners?: readonly string[];
}

/** Sends a load; `onBegin` and `onEnd` are called when the measured part begins and ends. */
export type Generator = (
  port: number,
  row: Row,
  load: Load,
  onBegin: () => void,
  onEnd: () => void,
) => Promise<Blasted>;

function loadArgs(port: number, row: Row, load: Load): string[] {
  return [
    ...['--target', `127.0.0.1:${port}`],
    ...['--rate', String(row.rate)],
    ...['--unique', String(row.unique)],
    ...['--origins', String(row.origins)],
    ...['--seconds', String(load.seconds)],
    ...['--garbage', String(load.garbage)],
    ...['--seed', String(load.seed)],
    ...['--shred-version', String(SHRED_VERSION)],
  ];
}

/** Our own generator, in a process of its own. */
export function ourGenerator(folder: string): Generator {
  return async (port, row, load, onBegin, onEnd) => {
    const expect = join(folder, `expect-${port}.txt`);
    const blast = join(ROOT, 'dist', 'scripts', 'blast.js');
    const args = [blast, ...loadArgs(port, row, load), '--expect', expect, '--json'];
    const child = new Child(process.execPath, args, {
      keepOutput: true,
      onLine: (line) => {
        if (line.startsWith('sending')) onBegin();
        if (line === 'sent') onEnd();
      },
    });
    await child.ended;
    const report = child.lastJson() as GeneratorReport;
    return { report, winners: readFileSync(expect, 'utf8').trim().split('\n') };
  };
}

/** How often and how long it is tried where another blast has the addresses, which are always the same. */
const RETRY_MS = 5_000;
const MAX_RETRIES = 24;

/** `agave-peer blast`, which says when it begins, and works out what it sent after it has sent it. */
export function agaveGenerator(program: string): Generator {
  return async (port, row, load, onBegin, onEnd) => {
    for (let attempt = 0; ; attempt++) {
      const child = new Child(program, ['blast', ...loadArgs(port, row, load)], {
        keepOutput: true,
        onLine: (line) => {
          if (!line.startsWith('sending')) return;
          onBegin();
          SystemClock.after(load.seconds * 1000, onEnd);
        },
      });
      const status = await child.ended;
      const isTaken = child.complaints.some((line) => line.includes('Address already in use'));
      if (status === 0 || !isTaken || attempt >= MAX_RETRIES) {
        return { report: child.lastJson() as GeneratorReport };
      }
      await pause(RETRY_MS);
    }
  };
}
