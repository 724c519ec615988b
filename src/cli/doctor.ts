import type { Command } from 'commander';
import type { Entrypoint } from '../node/bootstrap.ts';
import { createLogger } from '../node/logger.ts';
import { PORT_RANGE } from '../node/udp.ts';
import { SpyError } from '../util/assert.ts';
import { formatAddress } from '../util/ipv4.ts';
import { DemoCluster } from './demo/cluster.ts';
import { type Finding, fail, findingLine, skip } from './doctor/finding.ts';
import { checkBuffer, checkDrops, checkFiles, checkNode } from './doctor/machine.ts';
import { checkGossip } from './doctor/mesh.ts';
import {
  checkAddress,
  checkEcho,
  checkNames,
  checkShredVersion,
  type Echo,
  Probe,
} from './doctor/reach.ts';
import { addJoinOptions, type JoinFlags, joinOptions, positive } from './options.ts';
import { writeOut } from './output.ts';
import { Progress } from './progress.ts';

interface DoctorFlags extends JoinFlags {
  timeout: number;
  json?: boolean;
  strict?: boolean;
  demo?: boolean;
}

/** A cluster for `--demo`: enough to push to each other and to us. */
const DEMO_NODES = 6;
const DEMO_SHRED_VERSION = 20_126;

const EXAMPLES = `
Examples:
  $ earshot doctor                                is this machine fit for mainnet
  $ earshot doctor -u testnet --gossip-port 8001  with the port that firewall and router let through
  $ earshot doctor -n 127.0.0.1:8001              against a cluster of one's own
  $ earshot doctor --demo                         against made-up nodes here, without a network
  $ earshot doctor -u testnet --json | jq '.checks[] | select(.status != "ok")'

Each line says how a check went, what was found, and how to mend it:
  ok     nothing to do
  warn   it works, but not as well as it could
  fail   a spy will not work so
  skip   could not be checked, because of what another check found

Exit status: 0 when no check failed (with --strict: nor warns), else 1.`;

/** Adds `earshot doctor`. */
export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description(
      'Checks, one after the other, what a spy needs: this machine, the way to the entrypoints and back, and some seconds of gossip. Says what is wrong and how to mend it.',
    );
  addJoinOptions(command)
    .option('--timeout <SECONDS>', 'how long to take part in gossip at most', positive, 15)
    .option('--demo', 'check against a cluster of made-up nodes on this machine')
    .option('--strict', 'let warnings count as failures')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action((flags: DoctorFlags) => runDoctor(flags));
}

async function runDoctor(flags: DoctorFlags): Promise<void> {
  const progress = new Progress();
  const findings: Finding[] = [];
  const tell = async (...found: readonly Finding[]): Promise<void> => {
    progress.clear();
    findings.push(...found);
    if (!flags.json) await writeOut(found.map((one) => `${findingLine(one)}\n`).join(''));
  };
  const cluster = flags.demo ? await startDemo() : undefined;
  try {
    const names = cluster
      ? [cluster.entrypoint]
      : joinOptions(flags, createLogger('silent')).entrypoints;
    await examine(flags, names ?? [], tell, (doing) => progress.show(`${doing}…`));
  } finally {
    progress.clear();
    await cluster?.stop();
  }
  const count = (status: Finding['status']): number =>
    findings.filter((one) => one.status === status).length;
  const failed = count('fail') + (flags.strict ? count('warn') : 0);
  if (flags.json) {
    await writeOut(`${JSON.stringify({ ok: failed === 0, checks: findings })}\n`);
  } else {
    await writeOut(`\n${count('ok')} ok, ${count('warn')} to improve, ${count('fail')} failed\n`);
  }
  if (failed === 0) return;
  const checks = failed === 1 ? '1 check' : `${failed} checks`;
  throw new SpyError(
    'DOCTOR_FOUND',
    `${checks} failed; the lines above say how to mend what is wrong.`,
  );
}

async function startDemo(): Promise<DemoCluster> {
  const logger = createLogger('error');
  const cluster = new DemoCluster({
    nodes: DEMO_NODES,
    shredVersion: DEMO_SHRED_VERSION,
    join: undefined,
    logger,
  });
  await cluster.start();
  return cluster;
}

type Tell = (...found: readonly Finding[]) => Promise<void>;

/** All checks in order; what cannot work any more is skipped. */
async function examine(
  flags: DoctorFlags,
  names: readonly string[],
  tell: Tell,
  show: (doing: string) => void,
): Promise<void> {
  await tell(checkNode(process.versions.node), await checkBuffer(), checkFiles());
  show('Looking up names');
  const { finding, entrypoints } = await checkNames(names);
  await tell(finding);
  if (entrypoints.length === 0) {
    await tell(...['udp-out', 'entrypoint-echo', 'join'].map((one) => skip(one, 'nobody to ask')));
  } else {
    const echoes = await examineReach(flags, entrypoints, tell, show);
    const shredVersion = checkShredVersion(echoes, flags.shredVersion);
    await tell(shredVersion, await checkAddress(echoes));
    if (shredVersion.status === 'fail') {
      await tell(skip('join', 'without a shred version nobody would answer'));
    } else {
      show('Taking part in gossip');
      const options = joinOptions(flags, createLogger('silent'));
      const asked = entrypoints.map(({ ip, port }) => formatAddress(ip, port));
      await tell(...(await checkGossip({ ...options, entrypoints: asked }, flags.timeout * 1000)));
    }
  }
  show('Sending a burst to ourselves');
  await tell(await checkDrops());
}

/** The way there and back. @returns what entrypoints said */
async function examineReach(
  flags: DoctorFlags,
  entrypoints: readonly Entrypoint[],
  tell: Tell,
  show: (doing: string) => void,
): Promise<Echo[]> {
  show('Asking the entrypoints by TCP');
  const { finding, echoes } = await checkEcho(entrypoints);
  let probe: Probe;
  try {
    probe = await openProbe(flags.gossipPort);
  } catch (error) {
    const mend = 'end the program that uses it, or give another --gossip-port';
    await tell(fail('udp-out', `no UDP port: ${(error as Error).message}`, mend), finding);
    return echoes;
  }
  try {
    show('Pinging the entrypoints');
    const [out, pong] = await probe.ping(entrypoints);
    await tell(out, finding, pong);
    show('Having an entrypoint send us a datagram');
    await tell(await probe.checkIn(echoes));
  } finally {
    probe.close();
  }
  return echoes;
}

/** A socket at the port that a spy would take. @throws when there is none */
async function openProbe(port: number): Promise<Probe> {
  for (let candidate = port || PORT_RANGE.first; ; candidate++) {
    try {
      return await Probe.open(candidate);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (port !== 0 || !isTaken || candidate >= PORT_RANGE.last) throw error;
    }
  }
}
