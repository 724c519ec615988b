/** A load for nodes on this machine: `npm run blast -- --target 127.0.0.1:8001 --rate 20000`. */
import { Command, InvalidArgumentError } from 'commander';
import { positive, wholeNumber } from '../src/cli/options.ts';
import { resolveEntrypoint } from '../src/node/bootstrap.ts';
import { SpyError } from '../src/util/assert.ts';
import { SystemClock } from '../src/util/clock.ts';
import { isLoopback } from '../src/util/ipv4.ts';
import { Blast, type BlastOptions, type BlastReport } from './blast/blast.ts';

interface BlastFlags extends Omit<BlastOptions, 'ip' | 'port'> {
  readonly target: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Each made-up node has a loopback address of its own (127.1.0.0 and up, port 8600) that answers pings, since
nodes believe a contact info only once its address has answered. Needs a file descriptor for each.

Examples:
  $ npm run blast -- --target 127.0.0.1:8001                     20,000 datagrams a second for 10 seconds
  $ npm run blast -- --target 127.0.0.1:8001 --rate 150000 --unique 500 --seconds 6
  $ npm run blast -- --target 127.0.0.1:8001 --garbage 0.5       every second datagram is no good
  $ npm run blast -- --target 127.0.0.1:8001 --duplicates 0      nothing is said twice
  $ npm run blast -- --target 127.0.0.1:8001 --rate 1 --linger 600    a large, quiet cluster

Exit status: 0 when all was sent, 1 after an error.`;

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('Give a share from 0 to 1.');
  }
  return value;
}

async function run({ target: name, json, ...options }: BlastFlags): Promise<void> {
  const { ip, port } = await resolveEntrypoint(name);
  if (!isLoopback(ip)) {
    throw new SpyError('TARGET_NOT_LOCAL', `${name} is not on this machine: no load for others.`);
  }
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const report = await new Blast({ ...options, ip, port }, SystemClock, say).run();
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : describe(report));
}

function describe(report: BlastReport): string {
  const { datagrams, bytes, values, seconds, undecodable, wronglySigned, labels } = report;
  const number = (n: number): string => Math.round(n).toLocaleString('en');
  return `${number(datagrams)} datagrams (${number(bytes / 1e6)} MB) in ${seconds.toFixed(1)} s, ${number(report.rate)} a second; ${report.failed} could not be sent.
${number(values)} values, ${number(report.uniqueValues)} of them different; ${number(undecodable)} datagrams cut off, ${number(wronglySigned)} wrongly signed.
${number(report.provedOrigins)} made-up nodes were pinged in ${report.warmSeconds.toFixed(1)} s of warming up.
The target must now hold ${number(labels)} values besides its own, digest ${report.winnersSha256}.\n`;
}

const program = new Command('blast')
  .description('Sends signed pushes of made-up nodes to a node on this machine, at a rate.')
  .requiredOption('--target <HOST:PORT>', 'the node; 127.0.0.0/8 only')
  .option('--rate <NUM>', 'datagrams a second', positive, 20_000)
  .option('--unique <NUM>', 'new values a second', positive, 2_000)
  .option('--seconds <SECONDS>', 'how long', positive, 10)
  .option('--origins <NUM>', 'made-up nodes', wholeNumber(1, 60_000), 1_000)
  .option(
    '--duplicates <NUM>',
    'fill datagrams with repeats, up to 1 to NUM values',
    wholeNumber(0, 10),
    4,
  )
  .option('--garbage <SHARE>', 'of datagrams: half cut off, half wrongly signed', share, 0)
  .option('--shred-version <NUMBER>', 'of the cluster', wholeNumber(1, 65_535), 20_126)
  .option('--seed <NUM>', 'the same traffic for the same number', wholeNumber(0, 2 ** 32 - 1), 1)
  .option('--cold', 'do not wait until the target believes the addresses')
  .option('--linger <SECONDS>', 'answer pings for so long afterwards', Number, 0)
  .option('--expect <FILE>', 'write the SHA-256 of each value that the target must hold')
  .option('--json', 'print the report as JSON')
  .configureHelp({ helpWidth: 100 })
  .addHelpText('after', EXAMPLES)
  .action((flags: BlastFlags) => run(flags));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof SpyError)) throw error;
  process.stderr.write(`blast: ${error.message}\n`);
  process.exitCode = error.exitStatus;
}
