import type { Command } from 'commander';
import { type ExportedRecord, nameRecord, verifyRecord } from '../api/verify-record.ts';
import { chooseSingleVerifier } from '../crypto/verify.ts';
import { SpyError } from '../util/assert.ts';
import { openInput } from './capture/input.ts';
import { readExport } from './export/read-export.ts';
import { writeOut } from './output.ts';

interface VerifyFlags {
  json?: boolean;
  all?: boolean;
}

const EXAMPLES = `
A record is good when its bytes are a value that validators accept, the signature is of the key in
it, and everything that the record says (kind, key, hash, clocks, slots, …) is what the bytes say.
Nobody is asked, and nothing but the file is needed.

Reads what earshot dump, values --bytes and spy --dump write, as JSON lines, JSON or CSV, and also
bare values in hex, one a line.

Examples:
  $ earshot dump -u testnet -o table.jsonl && earshot verify table.jsonl
  $ zcat table.jsonl.gz | earshot verify -
  $ earshot verify table.csv --all                    every record that fails, not just the first

Exit status: 0 when every record is good, 1 when one is not, or there is none.`;

/** Adds `earshot verify`. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description(
      'Checks an export: every signature, hash and field, by the signed bytes in it; names the first record that fails.',
    )
    .argument('<FILE>', 'export to read; - for standard input')
    .option('--all', 'name every record that fails')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((file: string, flags: VerifyFlags) => runVerify(file, flags));
}

interface Failure {
  readonly line: number;
  readonly record: string;
  readonly reason: string;
}

async function runVerify(file: string, flags: VerifyFlags): Promise<void> {
  const { verifier } = chooseSingleVerifier();
  const failures: Failure[] = [];
  let checked = 0;
  let failed = 0;
  for await (const { record, line } of readExport(openInput(file))) {
    checked++;
    const reason = verifyRecord(record as ExportedRecord, verifier);
    if (reason === undefined) continue;
    failed++;
    if (flags.all || failures.length === 0) {
      failures.push({ line, record: nameRecord(record as ExportedRecord), reason });
    }
  }
  if (flags.json) {
    await writeOut(`${JSON.stringify({ checked, failed, verifier: verifier.name, failures })}\n`);
  } else if (failed === 0 && checked > 0) {
    const values = checked === 1 ? 'The value is good: it is' : `All ${checked} values are good:`;
    const each = checked === 1 ? '' : ' each is';
    await writeOut(`${values}${each} signed by its origin and says what the file says.\n`);
  }
  if (checked === 0) {
    throw new SpyError(
      'NOTHING_TO_VERIFY',
      `There is no value in ${file === '-' ? 'standard input' : file}. Write one with earshot dump.`,
    );
  }
  if (failed === 0) return;
  const lines = failures.map(
    ({ line, record, reason }) => `line ${line}, ${record}: it ${reason}.`,
  );
  const first = flags.all ? ':\n' : '. The first is on ';
  throw new SpyError(
    'NOT_GENUINE',
    `${failed} of ${checked} values ${failed === 1 ? 'fails' : 'fail'}${first}${lines.join('\n')}`,
  );
}
