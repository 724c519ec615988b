/**
 * Asks for nodes and values by what they are, once a number of nodes was found.
 *
 *     node query.js 127.0.0.1:8001 12
 */
import { createSpy } from 'earshot';

const [entrypoint = '127.0.0.1:8001', wanted = '12'] = process.argv.slice(2);
const spy = await createSpy({ entrypoints: [entrypoint], size: 'small' });

const found = new Set<string>();
for await (const event of spy.changes({ since: 0, filter: { kinds: ['appeared'] } })) {
  // First comes a gap with the nodes that were here already, ourselves among them.
  const nodes = event.kind === 'gap' ? event.nodes : [event];
  for (const { pubkey } of nodes) if (pubkey !== spy.identity) found.add(pubkey);
  if (found.size >= Number(wanted)) break;
}

const versions = new Map<string, number>();
for await (const node of spy.queryNodes({ proved: true })) {
  versions.set(node.version, (versions.get(node.version) ?? 0) + 1);
}
for (const [version, count] of versions) console.log(`${count} nodes run ${version}`);

let withRpc = 0;
for await (const node of spy.queryNodes({ rpc: true, network: '127.0.0.0/8' })) {
  withRpc += 1;
  console.log(`RPC at ${node.rpc}`);
}
console.log(`${withRpc} nodes here offer RPC`);

for await (const value of spy.queryValues({ kind: 'ContactInfo', from: spy.identity })) {
  console.log(`our own contact info has ${value.length} bytes: ${value.sha256}`);
}
await spy.close();
