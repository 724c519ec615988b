import ts from 'typescript';
import { at, type Finding, importsOf, modules, type Rule, visit } from './tree.ts';

/**
 * The layers of `src` with what each may import besides its own folder: a layer (`util`), or one file
 * of a layer (`crypto/hash`). Left to right, never back.
 */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  util: [],
  wire: ['util'],
  crypto: ['util', 'wire/limits'],
  shm: ['util'],
  crds: ['util', 'wire', 'crypto/hash', 'shm'],
  gossip: ['util', 'wire', 'crypto', 'shm', 'crds'],
  tasks: ['util', 'wire', 'crypto', 'shm', 'crds', 'gossip'],
  node: ['util', 'wire', 'crypto', 'shm', 'crds', 'gossip', 'tasks'],
  api: ['util', 'wire', 'crypto', 'shm', 'crds', 'gossip', 'tasks', 'node'],
  cli: ['util', 'wire', 'crypto', 'shm', 'crds', 'gossip', 'tasks', 'node', 'api', 'index'],
  index: ['util', 'wire', 'crypto', 'shm', 'crds', 'gossip', 'tasks', 'node', 'api'],
};

/** Files that change the table: one writer, so only the node that owns it may hold them. */
const WRITERS = ['src/crds/table.ts'];

/** Who may import a writer; everything else outside `crds` in `src` and `workers` may not. */
const WRITER_OWNERS = /^src\/(crds|node)\//;

/** `src/wire/skim.ts` → `wire/skim`; `src/index.ts` → `index`. */
function unit(path: string): string {
  return path.replace(/^src\//, '').replace(/\.ts$/, '');
}

function layerOf(path: string): string {
  return unit(path).split('/')[0] ?? '';
}

/** util → wire | crypto | shm → crds → gossip → tasks → node → api → cli, and the sharper rules. */
export const imports: Rule = {
  name: 'imports go leftwards',
  check(tree) {
    const found: Finding[] = [];
    for (const file of modules(tree)) {
      const inSource = file.path.startsWith('src/');
      const layer = layerOf(file.path);
      const allowed = inSource ? LAYERS[layer] : [];
      if (inSource && allowed === undefined) {
        found.push({ path: file.path, line: 1, words: `src/${layer} is no layer` });
        continue;
      }
      for (const { node, target, relative } of importsOf(file)) {
        if (!relative) continue;
        if (!/\.(ts|mjs|js|json)$/.test(target)) {
          found.push(at(file, node, `import of ${target} without its ending`));
        }
        if (/^workers\//.test(target)) found.push(at(file, node, 'workers are imported by nobody'));
        const ships = inSource || file.path.startsWith('workers/');
        if (WRITERS.includes(target) && ships && !WRITER_OWNERS.test(file.path)) {
          found.push(at(file, node, `${unit(target)} is for crds and node alone`));
        }
        if (!ships) continue;
        if (!target.startsWith('src/')) {
          found.push(at(file, node, `what ships imports ${target}, which does not`));
        } else if (inSource && layerOf(target) !== layer) {
          const fits = allowed?.some((name) => name === layerOf(target) || name === unit(target));
          if (!fits) found.push(at(file, node, `${layer} may not import ${unit(target)}`));
        }
      }
    }
    return found;
  },
};

interface Place {
  /** What it is, as a pattern over module names or over dotted names of globals. */
  readonly what: RegExp;
  /** Where in `src` and `workers` it may stand. */
  readonly where: RegExp;
  readonly why: string;
  /** Also outside `src` and `workers` (tests, benches, scripts). */
  readonly everywhere?: boolean;
}

const MODULES: readonly Place[] = [
  {
    what: /^node:(dgram|net|tls|http|https|http2|dns|dns\/promises)$/,
    where: /^src\/(node\/(udp|bootstrap|stakes|echo-server)|api\/http\/.*|cli\/.*)\.ts$/,
    why: 'sockets belong to node/{udp,bootstrap,stakes}, api/http and cli',
  },
  {
    what: /^node:fs(\/promises)?$/,
    // node/udp reads the kernel's drop counter of its socket.
    where:
      /^(workers\/watchdog|src\/(node\/(stakes|store|store-claim|udp)|api\/export|crypto\/identity|cli\/.*))\.ts$/,
    why: 'files belong to node/{stakes,store}, api/export, crypto/identity and cli',
  },
  { what: /^node:timers/, where: /^src\/util\/clock\.ts$/, why: 'timers belong to util/clock' },
  { what: /^node:child_process$/, where: /^src\/cli\//, why: 'processes belong to cli' },
  {
    what: /^node:(worker_threads|cluster)$/,
    where: /^(src\/(node|api|cli)|workers)\//,
    why: 'threads belong to node, api, cli and workers',
  },
  {
    what: /^(sodium-native|@noble\/.*|xxhash-wasm)$/,
    where: /^src\/crypto\//,
    why: 'cryptographic packages belong to crypto',
  },
  {
    what: /^koffi$/,
    where: /^src\/(node\/(udp|syscalls)|crypto\/hash)\.ts$/,
    why: 'foreign calls stay behind node/{udp,syscalls} and crypto/hash',
  },
  { what: /^piscina$/, where: /^(src\/node|workers)\//, why: 'the pool belongs to node' },
  { what: /^comlink/, where: /^(src\/api|workers)\//, why: 'the observer belongs to api' },
  { what: /^@scure\/base$/, where: /^src\/util\/base58\.ts$/, why: 'use util/base58' },
  {
    what: /^(hono|@hono)(\/|$)|^ws$/,
    where: /^src\/api\/http\//,
    why: 'serving belongs to api/http',
  },
  { what: /^pino$/, where: /^src\/(node|cli)\//, why: 'logging belongs to node and cli' },
  {
    what: /^(commander|smol-toml|ansi-escapes)$/,
    where: /^src\/cli\//,
    why: 'terminals belong to cli',
  },
];

const GLOBALS: readonly Place[] = [
  {
    what: /^(Date\.now|new Date\(\)|performance\.now|process\.hrtime|setTimeout|setInterval)$/,
    where: /^src\/util\/clock\.ts$/,
    why: 'time comes from util/clock, as an argument',
  },
  { what: /^setImmediate$/, where: /^src\/(util\/clock|(node|cli)\/.*)\.ts$/, why: 'not here' },
  {
    what: /^Math\.random$/,
    where: /^$/,
    why: 'randomness comes from util/rng, as an argument',
    everywhere: true,
  },
  {
    what: /^(randomBytes|randomFill|randomFillSync|randomInt|randomUUID|getRandomValues)$/,
    where: /^src\/(util\/rng\.ts|crypto\/)/,
    why: 'randomness comes from util/rng, as an argument',
  },
  {
    what: /^Atomics\.(wait|waitAsync)$/,
    // shm/slab owns the words of the ring; its `waitForBatch` is for threads of their own.
    where: /^(workers\/|src\/shm\/slab\.ts$)/,
    why: 'the main thread never waits; only code in workers may',
  },
  {
    what: /^(fetch|WebSocket)$/,
    where: /^src\/(node\/(bootstrap|stakes|genesis)|api\/http\/.*|cli\/.*)\.ts$/,
    why: 'sockets belong to node/{udp,bootstrap,stakes}, api/http and cli',
  },
  {
    what: /^process\.(exit|exitCode|env|argv|stdout|stderr|stdin)$/,
    where: /^src\/(cli\/|node\/logger\.ts)/,
    why: 'the process and its streams belong to cli and node/logger',
  },
  { what: /^console\..*$/, where: /^$/, why: 'people read what cli writes; all else is a log' },
];

/** The name that a node uses from outside: `Date.now`, `setTimeout`, `new Date()`. */
function used(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date') {
    return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined;
  }
  if (ts.isPropertyAccessExpression(node)) {
    const owner = node.expression.getText().replace(/^globalThis\./, '');
    if (owner === 'globalThis' || /^(node)?crypto$/i.test(owner)) return node.name.text;
    return /^[A-Za-z]+$/.test(owner) ? `${owner}.${node.name.text}` : undefined;
  }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return `${node.expression.getText()}.${node.argumentExpression.text}`;
  }
  if (ts.isBindingElement(node) && ts.isVariableDeclaration(node.parent.parent)) {
    const owner = node.parent.parent.initializer?.getText();
    const name = (node.propertyName ?? node.name).getText();
    return owner === undefined ? undefined : `${owner}.${name}`;
  }
  if (!ts.isIdentifier(node)) return undefined;
  const parent = node.parent;
  const isReference =
    (ts.isCallExpression(parent) &&
      (parent.expression === node || parent.arguments.includes(node))) ||
    (ts.isImportSpecifier(parent) && (parent.propertyName ?? parent.name) === node) ||
    (ts.isVariableDeclaration(parent) && parent.initializer === node) ||
    (ts.isPropertyAssignment(parent) && parent.initializer === node) ||
    ts.isShorthandPropertyAssignment(parent);
  return isReference ? node.text : undefined;
}

/** Sockets, files, time, randomness and waiting stand where they may, and nowhere else. */
export const places: Rule = {
  name: 'sockets, files, time and randomness have their places',
  check(tree) {
    const found: Finding[] = [];
    for (const file of modules(tree)) {
      const ships = /^(src|workers)\//.test(file.path);
      for (const { node, target, relative, typeOnly } of importsOf(file)) {
        if (relative || typeOnly || !ships) continue;
        for (const { what, where, why } of MODULES) {
          if (what.test(target) && !where.test(file.path)) {
            found.push(at(file, node, `${target}: ${why}`));
          }
        }
        if (!target.startsWith('node:') && ts.isImportDeclaration(node) && !isPackage(target)) {
          found.push(at(file, node, `${target} has no place in what ships`));
        }
      }
      visit(file.ast, (node) => {
        const name = used(node);
        if (name === undefined) return;
        for (const { what, where, why, everywhere } of GLOBALS) {
          if (!ships && everywhere !== true) continue;
          if (what.test(name) && !where.test(file.path)) {
            found.push(at(file, node, `${name}: ${why}`));
          }
        }
      });
    }
    return found;
  },
};

/** Packages that any file may import are exactly those that MODULES gives a place. */
function isPackage(name: string): boolean {
  return MODULES.some(({ what }) => what.test(name));
}
