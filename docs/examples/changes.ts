/**
 * Prints what happens to nodes, and goes on where it stopped when it is interrupted in between.
 *
 *     node changes.js 127.0.0.1:8001 20
 */
import { type ChangeEvent, createSpy } from 'earshot';

const [entrypoint = '127.0.0.1:8001', count = '20'] = process.argv.slice(2);
await using spy = await createSpy({ entrypoints: [entrypoint], size: 'small' });

/** One line for what happened; `old` and `new` have the types that belong to the kind. */
function describe(event: ChangeEvent): string {
  switch (event.kind) {
    case 'gap':
      return `${event.nodes.length} nodes are known at ${event.seq}`;
    case 'appeared':
      return `${event.pubkey} runs ${event.new.client} ${event.new.version} at ${event.gossip}`;
    case 'moved':
      return `${event.pubkey} moved from ${event.old} to ${event.new}`;
    case 'voted':
      return `${event.pubkey} voted for slot ${event.new}`;
    default:
      return `${event.pubkey}: ${event.kind}, from ${JSON.stringify(event.old)} to ${JSON.stringify(event.new)}`;
  }
}

let seq = 0; // nothing is known yet: a gap comes first, with all nodes there are
let left = Number(count);
while (left > 0) {
  // Whoever reads this over a network would be cut off now and then; here it is after every third.
  let beforeBreak = 3;
  for await (const event of spy.changes({ since: seq })) {
    seq = event.seq;
    left -= 1;
    beforeBreak -= 1;
    console.log(`${seq} ${describe(event)}`);
    if (left <= 0 || beforeBreak <= 0) break;
  }
}
