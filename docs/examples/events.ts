/**
 * Counts what happens for some seconds, by events.
 *
 *     node events.js 127.0.0.1:8001 5
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createSpy } from 'earshot';

const [entrypoint = '127.0.0.1:8001', seconds = '5'] = process.argv.slice(2);
const spy = await createSpy({ entrypoints: [entrypoint], size: 'small' });

const clients = new Map<string, number>();
spy.on('appeared', ({ pubkey, new: node, via }) => {
  if (pubkey === spy.identity) return;
  clients.set(node.client, (clients.get(node.client) ?? 0) + 1);
  console.log(`appeared: ${pubkey} at ${node.gossip}, by ${via.route} from ${via.from}`);
});
spy.on('restarted', ({ pubkey }) => console.log(`restarted: ${pubkey}`));
spy.on('duplicateInstance', ({ pubkey }) => console.log(`two of one key: ${pubkey}`));

let changes = 0;
const stopCounting = spy.on('change', () => {
  changes += 1;
});

await pause(Number(seconds) * 1000);
stopCounting();
await spy.close();
const byClient = [...clients].map(([client, count]) => `${count} ${client}`).join(', ');
console.log(`${changes} changes in ${seconds} s; new nodes: ${byClient || 'none'}`);
