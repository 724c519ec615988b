// A process whose main thread hangs: told apart from one that lives by nothing but its heartbeat.
import { Watchdog } from '../../dist/src/node/watchdog.js';
import { SMALL_CAPACITIES } from '../../dist/src/shm/layout.js';
import { createRegions } from '../../dist/src/shm/regions.js';

const regions = createRegions(SMALL_CAPACITIES, true);
const limits = { lookMs: 50, silentLooks: 4, hungLooks: 10 };
new Watchdog(regions, limits);
const { heartbeats } = regions.control;
const living = setInterval(() => Atomics.add(heartbeats, 0, 1), 20);
setTimeout(() => {
  process.stdout.write('hanging\n');
  clearInterval(living);
  for (;;);
}, 1_000);
