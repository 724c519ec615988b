/** Processes that goals are judged by. */
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { Child } from '../../bench/e2e/child.ts';
import { ROOT } from '../../bench/harness.ts';

/** Least urgent: whoever measures goes first. */
const LEAST = 19;

/** What is asked of a process. */
export interface Asked {
  /** Gives way to all others. */
  readonly isPatient?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a compiled script. @returns what it prints, as JSON. @throws Error when it ends otherwise than well and says nothing */
export async function askScript(
  path: string,
  args: readonly string[],
  asked: Asked = {},
): Promise<unknown> {
  const output = await ask([join(ROOT, 'dist', path), ...args, '--json'], asked);
  try {
    return JSON.parse(output.text);
  } catch {
    throw new Error(`${path} ended with ${output.status}:\n${output.complaints}`);
  }
}

/** Runs Node. */
export async function ask(
  args: readonly string[],
  { isPatient = false, env }: Asked,
): Promise<{ status: number | string; text: string; complaints: string }> {
  const child = new Child(process.execPath, args, {
    keepOutput: true,
    env: { ...process.env, ...env },
  });
  if (isPatient) setPriority(child.pid, LEAST);
  const status = await child.ended;
  return { status, text: child.output, complaints: child.complaints.join('\n') };
}
