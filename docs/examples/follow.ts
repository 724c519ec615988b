/**
 * Keeps a copy of the table by its values, and publishes one of its own.
 *
 *     node follow.js 127.0.0.1:8001 20
 */
import { createSpy } from 'earshot';

const [entrypoint = '127.0.0.1:8001', wanted = '20'] = process.argv.slice(2);
const spy = await createSpy({ entrypoints: [entrypoint], size: 'small' });

const from = spy.identity;
spy.publish({ kind: 'LowestSlot', index: 0, from, wallclock: Date.now(), lowest: 1_000 });

const table = new Map<string, string>();
for await (const { changes } of spy.observe()) {
  for (const change of changes) {
    if (change.operation === 'reset') {
      table.clear(); // everything comes anew
      continue;
    }
    const label = `${change.kind} ${change.index} of ${change.from}`;
    if (change.operation === 'remove') table.delete(label);
    else table.set(label, change.sha256);
  }
  if (table.size >= Number(wanted)) break;
}

const own = [...table.keys()].filter((label) => label.endsWith(from));
console.log(`${table.size} values, of which ours: ${own.join(', ')}`);
await spy.close();
