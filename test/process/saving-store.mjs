// Saves one generation after another into a folder, and says each that is acknowledged. Ended from outside.
import { writeSync } from 'node:fs';

const compiled = new URL('../../dist/', import.meta.url);
const { openStoreFolder, Store } = await import(new URL('src/node/store.js', compiled));
const { generation } = await import(new URL('test/sim/stored.js', compiled));

const [path, records] = process.argv.slice(2);
const store = new Store(await openStoreFolder(path));
const { content } = await store.load();
writeSync(1, `found ${content?.sequence ?? 0}\n`);
for (;;) {
  try {
    await store.save(generation(store.sequence + 1, Number(records)));
    writeSync(1, `saved ${store.sequence}\n`);
  } catch (error) {
    writeSync(1, `failed ${error.code}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
