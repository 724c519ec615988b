/**
 * Packs Earshot, installs the package into an empty directory as a stranger would, without a compiler in
 * reach, and lets it spy on a cluster of this machine: `npm run try-install -- 20 22 24 26`.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { SystemClock } from '../src/util/clock.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** From an empty directory to the table: more than this is a failure, unless the machine is busy otherwise. */
const LIMIT_MS = 10_000;

/** Nodes of the cluster that is spied on. */
const NODES = 8;

interface Flags {
  cold?: boolean;
  keep?: boolean;
}

/** What one Node came to. */
interface Trial {
  readonly node: string;
  readonly installMs: number;
  readonly versionMs: number;
  readonly spyMs: number;
  readonly packages: number;
  readonly bytes: number;
}

const place = mkdtempSync(join(tmpdir(), 'earshot-install-'));

await new Command('try-install')
  .description('Installs the packed package into an empty directory and spies on 8 nodes with it.')
  .argument('[NODE...]', 'major versions (from npm), or paths of Node binaries', [process.execPath])
  .option('--cold', "with an empty cache of npm's, so that everything is downloaded")
  .option('--keep', 'leave the directory for a look at it')
  .addHelpText('after', '\nExample:\n  $ npm run try-install -- 20 22 24 26')
  .action(tryAll)
  .parseAsync();

async function tryAll(nodes: readonly string[], flags: Flags): Promise<void> {
  let cluster: ChildProcess | undefined;
  try {
    const tarball = pack();
    cluster = spawn(process.execPath, [
      join(ROOT, 'dist/src/cli/main.js'),
      ...['demo', '--nodes', `${NODES}`, '--seconds', '600', '--json'],
      // Other clusters on this machine shall not become part of this one.
      ...['--shred-version', `${20_000 + (process.pid % 40_000)}`],
    ]);
    const entrypoint = await firstAddress(cluster);
    for (const node of nodes) {
      const trial = tryNode(nodeBinary(node), tarball, entrypoint, flags.cold === true);
      report(trial);
    }
  } finally {
    cluster?.kill('SIGKILL');
    if (flags.keep) process.stdout.write(`Left in ${place}\n`);
    else rmSync(place, { recursive: true, force: true });
  }
}

/** npm's own script, so that any Node can run it. */
function npmScript(name: 'npm-cli.js' | 'npx-cli.js'): string {
  const given = process.env['npm_execpath'];
  if (given === undefined) throw new Error('run this by npm: npm run try-install');
  return join(dirname(given), name);
}

function pack(): string {
  const args = [npmScript('npm-cli.js'), 'pack', '--json', '--pack-destination', place];
  const text = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  // Scripts that npm runs before may print lines of their own in front.
  const [{ filename, size, unpackedSize, entryCount } = {} as Record<string, never>] = JSON.parse(
    text.slice(text.indexOf('[\n')),
  ) as { filename: string; size: number; unpackedSize: number; entryCount: number }[];
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
  process.stdout.write(
    `${filename}: ${entryCount} files, ${kilobytes(size)}, unpacked ${kilobytes(unpackedSize)}\n`,
  );
  return join(place, filename);
}

/** A binary that is named, or that of a major version as npm has it. */
function nodeBinary(wish: string): string {
  if (!/^\d+$/.test(wish)) return wish;
  const folder = join(place, `node-${wish}`);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  mkdirSync(folder);
  const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', `${name}@${wish}`];
  execFileSync(process.execPath, [npmScript('npm-cli.js'), ...args], { stdio: 'pipe' });
  return join(folder, 'node_modules', name, 'bin', 'node');
}

/** Where the first of the made-up nodes is, once all are up. */
function firstAddress(cluster: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    cluster.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const lines = text.split('\n');
      if (lines.length > NODES) resolve((JSON.parse(lines[0] ?? '') as { gossip: string }).gossip);
    });
    cluster.once('exit', () => reject(new Error(`the cluster did not start: ${text}`)));
  });
}

function tryNode(node: string, tarball: string, entrypoint: string, cold: boolean): Trial {
  const home = mkdtempSync(join(place, 'home-'));
  const folder = join(home, 'empty');
  const bin = join(home, 'bin');
  for (const path of [folder, bin]) mkdirSync(path);
  // What npm and its shell need, and nothing that could compile.
  for (const tool of ['sh', 'env']) symlinkSync(which(tool), join(bin, tool));
  symlinkSync(node, join(bin, 'node'));
  const env: Record<string, string> = { PATH: bin, HOME: home };
  for (const [name, value] of Object.entries(process.env)) {
    if (/^npm_config_(registry|cafile|userconfig|globalconfig)$/.test(name))
      env[name] = value ?? '';
    if (/proxy$/i.test(name) || name === 'NODE_EXTRA_CA_CERTS') env[name] = value ?? '';
  }
  env['npm_config_cache'] = cold ? join(home, 'cache') : (process.env['npm_config_cache'] ?? '');
  const run = (script: 'npm-cli.js' | 'npx-cli.js', ...args: string[]) => {
    const startedMs = SystemClock.monoMs();
    const options = { cwd: folder, env, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(node, [npmScript(script), ...args], options);
    const ms = SystemClock.monoMs() - startedMs;
    if (status !== 0) throw new Error(`${node}: ${args.join(' ')} failed\n${stdout}${stderr}`);
    return { ms, stdout };
  };
  const install = run('npm-cli.js', 'install', '--no-audit', '--no-fund', tarball);
  const version = run('npx-cli.js', 'earshot', '--version');
  const flags = ['-n', entrypoint, '-N', `${NODES}`, '--timeout', '20'];
  const spy = run('npx-cli.js', 'earshot', 'spy', ...flags);
  if (!spy.stdout.includes(`${NODES} answered our ping`)) throw new Error(spy.stdout);
  const name = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  process.stdout.write(`${name}  ${version.stdout.trim()}\n`);
  const tree = measure(join(folder, 'node_modules'));
  return { node: name, installMs: install.ms, versionMs: version.ms, spyMs: spy.ms, ...tree };
}

function which(tool: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, tool)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`there is no ${tool} here`);
  return found;
}

/** Packages that were installed, and the bytes of their files. */
function measure(modules: string): { packages: number; bytes: number } {
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { optional?: boolean }>;
  };
  const packages = Object.keys(lock.packages).filter((path) =>
    existsSync(join(dirname(modules), path, 'package.json')),
  ).length;
  const files = readdirSync(modules, { recursive: true, encoding: 'utf8' });
  const bytes = files.reduce((sum, path) => {
    const stat = statSync(join(modules, path));
    return stat.isFile() ? sum + stat.size : sum;
  }, 0);
  return { packages, bytes };
}

function report(trial: Trial): void {
  const { node, installMs, versionMs, spyMs, packages, bytes } = trial;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  process.stdout.write(
    `${node}  install ${seconds(installMs)}, npx earshot --version ${seconds(versionMs)}, npx earshot spy with ${NODES} nodes found ${seconds(spyMs)}; ${packages} packages, ${(bytes / 1e6).toFixed(1)} MB\n`,
  );
  if (installMs + spyMs <= LIMIT_MS) return;
  const [load = 0] = loadavg();
  const isBusy = load > availableParallelism() + 1;
  const why = isBusy ? `, on a busy machine (load ${load.toFixed(0)}): says nothing` : '';
  const took = `took more than ${seconds(LIMIT_MS)} from nothing to the table${why}`;
  process.stdout.write(`${node}  ${took}\n`);
  if (!isBusy) process.exitCode = 1;
}
