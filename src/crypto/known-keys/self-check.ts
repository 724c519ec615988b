import type { EdgeVector } from '../edge-vectors.ts';
import { KnownKeysEngine, makeTables } from './engine.ts';
import type { KnownKeysThread } from './memory.ts';

const GROUP = 4;

/**
 * Judges vectors with tables made for the purpose, in the thread's own tables. It is the warm-up as well:
 * what it runs through is what the first batches would otherwise wait for.
 *
 * @returns undefined when all verdicts are right, else a sentence naming the first wrong one
 */
export function checkTables(
  thread: KnownKeysThread,
  vectors: readonly EdgeVector[],
): string | undefined {
  const engine = new KnownKeysEngine(thread);
  const byKey = new Map<string, EdgeVector[]>();
  for (const vector of vectors) {
    const name = Buffer.from(vector.key).toString('hex');
    byKey.set(name, [...(byKey.get(name) ?? []), vector]);
  }
  const keys = [...byKey.keys()];
  for (let first = 0; first < keys.length; first += GROUP) {
    const group = keys.slice(first, first + GROUP).map((name) => byKey.get(name) ?? []);
    const wrong = checkGroup(thread, engine, group);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Makes tables for up to four keys and judges what is signed by them. */
function checkGroup(
  thread: KnownKeysThread,
  engine: KnownKeysEngine,
  group: readonly (readonly EdgeVector[])[],
): string | undefined {
  const { code, area, checkTables: tables, layout } = thread;
  const keysAt = area + code.keys_at();
  const table = (lane: number): number => tables + lane * layout.tableBytes;
  const keys = group.map((vectors) => vectors[0]!.key);
  const usable = makeTables(thread, keys, table);
  const cases = group.flatMap((vectors, lane) => vectors.map((vector) => ({ vector, lane })));
  for (let first = 0; first < cases.length; first += engine.rows) {
    const some = cases.slice(first, first + engine.rows);
    for (const [row, { vector, lane }] of some.entries()) {
      const { signature, message } = vector;
      const whole = new Uint8Array(64 + message.length);
      whole.set(signature);
      whole.set(message, 64);
      engine.stage(row, keysAt + 32 * lane, table(lane), whole, 0, 64, whole.length);
    }
    engine.verify(some.length);
    for (const [row, { vector, lane }] of some.entries()) {
      const accepted = (usable & (1 << lane)) !== 0 && engine.accepts(row);
      if (accepted === vector.accept) continue;
      const did = accepted ? 'accepts' : 'refuses';
      return `${did} "${vector.name}" by a table, which validators ${vector.accept ? 'accept' : 'refuse'}`;
    }
  }
  return undefined;
}
