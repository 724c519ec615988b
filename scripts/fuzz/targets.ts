import type { FuzzTarget } from './target.ts';

/** Where each target is: one file a target, loaded only when it is asked for. */
const TARGETS: Readonly<Record<string, () => Promise<{ target: FuzzTarget }>>> = {
  decoder: () => import('./decoder.ts'),
  roundtrip: () => import('./roundtrip.ts'),
  apply: () => import('./apply.ts'),
  link: () => import('./link.ts'),
  http: () => import('./http.ts'),
  store: () => import('./store.ts'),
  disk: () => import('./disk.ts'),
  verify: () => import('./verify.ts'),
};

/** Names of all targets. */
export const TARGET_NAMES: readonly string[] = Object.keys(TARGETS);

/** Loads a target. @throws Error for a name that is none */
export async function loadTarget(name: string): Promise<FuzzTarget> {
  const load = TARGETS[name];
  if (load === undefined) throw new Error(`there is no target ${name}`);
  return (await load()).target;
}
