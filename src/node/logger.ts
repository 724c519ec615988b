import { type DestinationStream, destination, type LogFn, type Logger as Pino, pino } from 'pino';
import { SystemClock } from '../util/clock.ts';
import { LineLimiter, SUPPRESSED } from './line-limiter.ts';
import type { Logger } from './ports.ts';

/** Levels of `--log-level`. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const LEVEL_NAMES: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warning',
  50: 'error',
  60: 'error',
};

/**
 * A log on stderr: standard output belongs to results. Machines get JSON lines; on a terminal a line
 * is a sentence and the fields behind it.
 *
 * @param beforeLine called before each line on a terminal, so that a progress line can step aside
 * @param take offered each line on a terminal; shows it elsewhere and returns true, or leaves it
 */
export function createLogger(
  level: LogLevel,
  beforeLine?: () => void,
  take: (sentence: string) => boolean = () => false,
): Logger {
  const options = { level, base: null, hooks: { logMethod: limited() } };
  if (!process.stderr.isTTY) return pino(options, destination({ dest: 2, sync: true }));
  const terminal: DestinationStream = {
    write(line: string): void {
      const text = sentence(line);
      if (take(text)) return;
      beforeLine?.();
      process.stderr.write(`${text}\n`);
    },
  };
  return pino(options, terminal);
}

/** One line a second from each place; the next one says how many were left out. */
function limited(): (this: Pino, args: Parameters<LogFn>, method: LogFn) => void {
  const limiter = new LineLimiter(SystemClock);
  return function log(args, method): void {
    const [fields, message] = args as unknown as [object, string];
    const suppressed = limiter.admit(message);
    if (suppressed === SUPPRESSED) return;
    const more = suppressed === 0 ? fields : { ...fields, suppressed };
    method.apply(this, [more, message] as unknown as typeof args);
  };
}

/** `warning: the sentence (field: value, …)` */
function sentence(line: string): string {
  const { level, time: _time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const details = Object.entries(fields)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
  const name = LEVEL_NAMES[Number(level)] ?? 'info';
  return `${name}: ${String(msg)}${details === '' ? '' : ` (${details})`}`;
}
