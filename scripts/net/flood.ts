/** Runs inside a namespace: true pings of ever new keys, from a source that cannot be reached afterwards. */
import { createSocket } from 'node:dgram';
import { createIdentity } from '../../src/crypto/identity.ts';
import { SignedMessages } from '../../src/tasks/gossip.ts';
import { osRng } from '../../src/util/rng.ts';
import { PING_BYTES } from '../../src/wire/limits.ts';

const [source = '', target = '', port = '0', count = '0'] = process.argv.slice(2);
const rng = osRng();
const token = new Uint8Array(32);
const socket = createSocket('udp4');
await new Promise<void>((resolve) => socket.bind(0, source, resolve));
for (let i = 0; i < Number(count); i++) {
  const seed = new Uint8Array(32);
  rng.fill(seed);
  rng.fill(token);
  const ping = new Uint8Array(PING_BYTES);
  new SignedMessages(createIdentity(seed)).ping(ping, 0, token);
  await new Promise((resolve) => socket.send(ping, Number(port), target, resolve));
}
socket.close();
