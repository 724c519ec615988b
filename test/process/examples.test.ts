import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoCluster } from '../../src/cli/demo/cluster.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';

const NODES = 5;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** What each example is told behind the entrypoint, and what it must print. */
const EXAMPLES: Readonly<Record<string, { argument: string; prints: RegExp[] }>> = {
  query: {
    argument: String(NODES),
    prints: [/^\d nodes run 4\.4\.0$/m, /^RPC at 127\.0\.0\.1:\d+$/m, /^2 nodes here offer RPC$/m],
  },
  changes: {
    argument: '10',
    prints: [/^\d+ \d+ nodes are known at \d+$/m, /^\d+ \w{32,44} voted for slot 380\d{6}$/m],
  },
  events: { argument: '2', prints: [/^\d+ changes in 2 s; new nodes: /m] },
  follow: {
    argument: '20',
    prints: [/^\d+ values, of which ours: .*LowestSlot 0 of \w+/m],
  },
};

describe('an example does what it says', () => {
  const cluster = new DemoCluster({
    ...{ nodes: NODES, shredVersion: 4_711, join: undefined, logger: SILENT_LOGGER },
  });
  beforeAll(() => cluster.start());
  afterAll(() => cluster.stop());

  it('and each is tried', () => {
    const files = readdirSync(new URL('../../docs/examples', import.meta.url));
    expect(files.sort()).toEqual(
      Object.keys(EXAMPLES)
        .map((name) => `${name}.ts`)
        .sort(),
    );
  });

  for (const [name, { argument, prints }] of Object.entries(EXAMPLES)) {
    // The one that counts nodes goes before the others, which are nodes as well.
    const test = name === 'query' ? it : it.concurrent;
    test(name, async () => {
      const file = `dist/docs/examples/${name}.js`;
      const arguments_ = [file, cluster.entrypoint, argument];
      const { stdout, stderr } = await run(process.execPath, arguments_, { cwd: ROOT });
      for (const pattern of prints) expect(stdout, stderr).toMatch(pattern);
    });
  }
});
