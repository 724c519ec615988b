/** A small tree, the rule it breaks, and what the rule must say: each `path:line` that it complains about. */
export interface Case {
  readonly name: string;
  readonly rule: string;
  readonly files: Readonly<Record<string, string>>;
  readonly finds: readonly string[];
}

const IMPORTS = 'imports go leftwards';
const PLACES = 'sockets, files, time and randomness have their places';
const SIZES = 'files and functions stay small';
const EXPORTS = 'exports are named, declared in place and documented';
const NAMES = 'files are named in kebab-case';
const DEAD = 'every source file is used';
const WORDS = 'nothing is left undone or switched off';
const SKIPS = 'a skipped test says why';
const TOP = 'the top level is fixed';
const ELSEWHERE = 'no machine paths, no registry hosts';

const lines = (count: number): string => 'let x = 1;\n'.repeat(count);
const long = (first: string): string => `function f() {\n${first}\n${'  g();\n'.repeat(70)}}\n`;

/** One tree for each way to break a rule, and for each exception that the rule must allow. */
export const CASES: readonly Case[] = [
  {
    name: 'a layer that looks right',
    rule: IMPORTS,
    files: {
      'src/wire/a.ts': "import '../util/b.ts';\nimport type { T } from '../crds/label.ts';",
      'src/crds/b.ts': "import '../crypto/hash.ts';\nimport '../crypto/verify.ts';",
      'src/gossip/c.ts': "export * from '../node/spy.ts';",
      'src/tasks/d.ts': "const spy = await import('../node/spy.ts');",
      'src/util/e.ts': "let x: import('../wire/limits.ts').T;",
      'src/crypto/f.ts': "import '../wire/limits.ts';\nimport '../wire/skim.ts';",
      'src/cli/g.ts': "import '../index.ts';\nimport '../api/http.ts';",
    },
    finds: [
      'src/wire/a.ts:2',
      'src/crds/b.ts:2',
      'src/gossip/c.ts:1',
      'src/tasks/d.ts:1',
      'src/util/e.ts:1',
      'src/crypto/f.ts:2',
    ],
  },
  {
    name: 'a second writer',
    rule: IMPORTS,
    files: {
      'src/node/apply.ts': "import { CrdsTable } from '../crds/table.ts';",
      'src/tasks/respond.ts': "import { CrdsTable } from '../crds/table.ts';",
      'src/api/observer.ts': "import type { CrdsTable } from '../crds/table.ts';",
      'src/gossip/push.ts': "import '../crds/view.ts';\nimport '../crds/table.ts';",
      'workers/respond.ts': "import '../src/crds/table.ts';",
      'test/unit/crds/table.test.ts': "import '../../../src/crds/table.ts';",
    },
    finds: [
      'src/tasks/respond.ts:1',
      'src/api/observer.ts:1',
      'src/gossip/push.ts:2',
      'workers/respond.ts:1',
    ],
  },
  {
    name: 'workers, tests and unknown layers',
    rule: IMPORTS,
    files: {
      'workers/listen.ts': "import '../src/tasks/listen.ts';",
      'src/node/pools.ts': "import '../../workers/listen.ts';\nimport './udp';",
      'src/util/seed.ts': "import '../../test/seed.ts';",
      'src/helpers/all.ts': '',
      'test/threads/pool.test.ts': "import '../../workers/listen.ts';",
    },
    finds: [
      'src/node/pools.ts:1',
      'src/node/pools.ts:1',
      'src/node/pools.ts:2',
      'src/util/seed.ts:1',
      'src/helpers/all.ts:1',
      'test/threads/pool.test.ts:1',
    ],
  },
  {
    name: 'modules out of place',
    rule: PLACES,
    files: {
      'src/node/udp.ts': "import { createSocket } from 'node:dgram';",
      'src/node/spy.ts': "import { createSocket } from 'node:dgram';\nimport 'node:perf_hooks';",
      'src/gossip/pull.ts': "import { readFile } from 'node:fs/promises';",
      'src/crds/table.ts': "import sodium from 'sodium-native';\nimport fp from 'left-pad';",
      'src/node/rounds.ts': "import { setTimeout } from 'node:timers/promises';",
      'test/unit/x.test.ts': "import 'node:fs';",
    },
    finds: [
      'src/node/spy.ts:1',
      'src/gossip/pull.ts:1',
      'src/crds/table.ts:1',
      'src/crds/table.ts:2',
      'src/node/rounds.ts:1',
      'src/node/rounds.ts:1',
    ],
  },
  {
    name: 'time out of place',
    rule: PLACES,
    files: {
      'src/util/clock.ts': 'Date.now(); performance.now(); setTimeout(f, 1); new Date();',
      'src/node/a.ts':
        'const now = Date.now();\nconst then = new Date(5);\nconst day = new Date();',
      'src/gossip/b.ts': 'performance.now();\nconst { now } = performance;',
      'src/tasks/c.ts': "globalThis.setTimeout(f, 1);\nDate['now']();\nprocess.hrtime.bigint();",
      'src/cli/d.ts':
        'const timers = { setTimeout };\nclock.setTimeout(1);\nconst t = setInterval;',
      'test/threads/e.test.ts': 'setTimeout(done, 5);',
    },
    finds: [
      'src/node/a.ts:1',
      'src/node/a.ts:3',
      'src/gossip/b.ts:1',
      'src/gossip/b.ts:2',
      'src/tasks/c.ts:1',
      'src/tasks/c.ts:2',
      'src/tasks/c.ts:3',
      'src/cli/d.ts:1',
      'src/cli/d.ts:3',
    ],
  },
  {
    name: 'chance out of place',
    rule: PLACES,
    files: {
      'src/util/rng.ts': "import { randomBytes } from 'node:crypto';\nrandomBytes(16);",
      'src/crypto/identity.ts': 'randomBytes(32);',
      'src/gossip/ping.ts':
        "import { randomBytes as r } from 'node:crypto';\ncrypto.getRandomValues(x);",
      'src/node/a.ts': 'const at = Math.random();',
      'test/unit/b.test.ts': 'const at = Math.random();',
      'scripts/c.ts': 'const { random } = Math;',
    },
    finds: [
      'src/gossip/ping.ts:1',
      'src/gossip/ping.ts:2',
      'src/node/a.ts:1',
      'test/unit/b.test.ts:1',
      'scripts/c.ts:1',
    ],
  },
  {
    name: 'waiting and the process',
    rule: PLACES,
    files: {
      'src/shm/seqlock.ts': 'Atomics.load(a, 0);\nAtomics.wait(a, 0, 0);',
      'workers/receive.ts': 'Atomics.wait(a, 0, 0, 100);',
      'src/node/spy.ts': 'process.exit(1);\nprocess.cpuUsage();\nconsole.log(1);',
      'src/cli/main.ts': 'process.exitCode = 1;',
    },
    finds: ['src/shm/seqlock.ts:2', 'src/node/spy.ts:1', 'src/node/spy.ts:3'],
  },
  {
    name: 'files',
    rule: SIZES,
    files: {
      'src/a.ts': lines(400),
      'src/b.ts': lines(401),
      'workers/c.ts': lines(61),
      'test/d.test.ts': lines(401),
    },
    finds: ['src/b.ts:401', 'workers/c.ts:61', 'test/d.test.ts:401'],
  },
  {
    name: 'functions',
    rule: SIZES,
    files: {
      'src/a.ts': long('  // hot: one pass over the packet, nothing to call'),
      'src/b.ts': `let y = 1;\n${long('  // a long story')}`,
      'src/c.ts': long('  // hot:'),
      'src/d.ts': `// hot: inlined, 30 % faster\n${long('  // see above')}`,
      'src/e.ts': `const f = () => {\n${'  g();\n'.repeat(70)}};\n`,
      'test/f.test.ts': long('  // cases'),
    },
    finds: ['src/b.ts:2', 'src/c.ts:1', 'src/e.ts:1'],
  },
  {
    name: 'exports',
    rule: EXPORTS,
    files: {
      'src/util/a.ts':
        '/** Why. */\nexport const A = 1;\nexport const B = 2;\n\nexport const C = 3;',
      'src/util/b.ts': '/** Why. */\nexport default function f() {}\nexport type T = 1;',
      'src/util/c.ts': "export * from './a.ts';\nconst x = 1;\nexport { x };",
      'src/util/d.ts': '// why\nexport class D {}\n/** Why. */\nexport interface E {}',
      'src/util/e.ts': '/** Why. */\nexport function f(a: 1): 1;\nexport function f(a: 1) {}',
      'src/util/f.ts': "export { A } from './a.ts';",
      'src/util/g.ts': "export { A } from './a.ts';\n/** Why. */\nexport const G = 1;",
      'src/util/h.ts':
        "import { A } from './a.ts';\n/** Why. */\nexport const H = 1;\nexport { A };",
      'src/index.ts': "export { A } from './util/a.ts';",
      'test/vitest.config.ts': 'export default {};',
    },
    finds: [
      'src/util/a.ts:5',
      'src/util/b.ts:2',
      'src/util/b.ts:3',
      'src/util/c.ts:1',
      'src/util/c.ts:3',
      'src/util/d.ts:2',
      'src/util/f.ts:1',
    ],
  },
  {
    name: 'names',
    rule: NAMES,
    files: {
      'src/gossip/active-set.ts': '',
      'src/gossip/activeSet.ts': '',
      'src/Gossip/push.ts': '',
      'test/unit/wire/skim.test.ts': '',
      'test/unit/wire/skim_test.ts': '',
      'bench/wire.bench.ts': '',
      'test/fixtures/Old_Name.json': '',
      'README.md': '',
    },
    finds: ['src/gossip/activeSet.ts:1', 'src/Gossip/push.ts:1', 'test/unit/wire/skim_test.ts:1'],
  },
  {
    name: 'dead files',
    rule: DEAD,
    files: {
      'src/index.ts': "export { a } from './util/a.ts';",
      'src/cli/main.ts': '',
      'src/util/a.ts': '',
      'src/util/b.ts': "import './b.ts';",
      'src/util/c.ts': '',
      'workers/listen.ts': "import '../src/util/c.ts';",
    },
    finds: ['src/util/b.ts:1'],
  },
  {
    name: 'words',
    rule: WORDS,
    files: {
      'README.md': `fine\n${'TO'}DO: more`,
      'src/a.ts': `let x: any;\nlet y = 'any';\n// ${'FIX'}ME later\nlet TODOS = 1;`,
      'src/b.ts': `// @ts-${'ignore'}\nlet z = x as Map<string, any>;`,
      'src/c.ts': 'try {} catch {}\ntry {} catch {\n  // gone already\n}',
    },
    finds: ['README.md:2', 'src/a.ts:3', 'src/a.ts:1', 'src/b.ts:1', 'src/b.ts:2', 'src/c.ts:1'],
  },
  {
    name: 'skips',
    rule: SKIPS,
    files: {
      'test/a.test.ts':
        "it.skip('a', f);\nit('b', (ctx) => {\n  ctx.skip();\n  ctx.skip('no IPv6 here');\n});\ntest.skipIf(x)('c', f);",
      'test/b.test.ts': "it.todo('d');\nreader.skip();",
    },
    finds: ['test/a.test.ts:1', 'test/a.test.ts:3', 'test/a.test.ts:6', 'test/b.test.ts:1'],
  },
  {
    name: 'top level',
    rule: TOP,
    files: {
      '.gitignore': '',
      '.ci/run': '',
      'package.json': '',
      'docs/architecture.md': '',
      'vitest.config.ts': '',
      'lib/x.ts': '',
      'notes.md': '',
    },
    finds: ['vitest.config.ts:1', 'lib/x.ts:1', 'notes.md:1'],
  },
  {
    name: 'elsewhere',
    rule: ELSEWHERE,
    files: {
      'src/a.ts': `const one = '/${'tmp'}/x';\nconst two = '~/${'tmp'}';\nconst three = 'src/${'work'}/x';`,
      'README.md': `see /${'home'}/me\nand https://example.com/${'work'}`,
      '.ci/run': `cd /${'work'}`,
      'package-lock.json': `{\n"${'resolved'}": "https://npm.example/x.tgz"\n}`,
      '.npmrc': `${'registry'}=https://${'npm'}${'js'}.org/`,
    },
    finds: ['src/a.ts:1', 'README.md:1', '.ci/run:1', 'package-lock.json:2', '.npmrc:1'],
  },
];
