import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  addJoinOptions,
  collectPubkeys,
  entrypointNames,
  forbidBoth,
  type JoinFlags,
  positive,
  wholeNumber,
} from '../../../src/cli/options.ts';
import { CLUSTER_ENTRYPOINTS } from '../../../src/node/bootstrap.ts';
import { SpyError } from '../../../src/util/assert.ts';

/** Flags as a command gets them, or what the user is told. */
function parse(...args: readonly string[]): JoinFlags | string {
  let said = '';
  const command = addJoinOptions(new Command('test'))
    .option('-N <NUM>', '', wholeNumber(0, 1e6))
    .option('--timeout <SECONDS>', '', positive)
    .option('-p <KEY>', '', collectPubkeys, [])
    .exitOverride()
    .configureOutput({
      writeErr(text) {
        said += text;
      },
    });
  try {
    return command.parse(args, { from: 'user' }).opts<JoinFlags>();
  } catch (error) {
    expect(error).toBeInstanceOf(CommanderError);
    return said;
  }
}

const flags = (...args: readonly string[]): JoinFlags => {
  const parsed = parse(...args);
  return typeof parsed === 'string' ? expect.fail(parsed) : parsed;
};

describe('flags', () => {
  it('have these defaults', () => {
    expect(flags()).toMatchObject({
      entrypoint: [],
      shredVersion: 0,
      gossipPort: 0,
      logLevel: 'warn',
    });
    const { allowPrivateAddr, bindAddress, identity } = flags();
    expect([allowPrivateAddr, bindAddress, identity]).toEqual([undefined, undefined, undefined]);
  });

  it('that repeat are gathered', () => {
    expect(flags('-n', 'a:1', '--entrypoint', 'b:2').entrypoint).toEqual(['a:1', 'b:2']);
    expect(flags().entrypoint, 'from nothing each time').toEqual([]);
    const keys = ['Vote111111111111111111111111111111111111111', '1'.repeat(32)];
    expect(flags('-p', keys[0]!, '-p', keys[1]!)).toHaveProperty('p', keys);
  });

  const good = [
    { args: ['-N', '0'], key: 'N', is: 0 },
    { args: ['-N', '1000000'], key: 'N', is: 1_000_000 },
    { args: ['--timeout', '0.5'], key: 'timeout', is: 0.5 },
    { args: ['--timeout', '1e3'], key: 'timeout', is: 1_000 },
    { args: ['--shred-version', '65535'], key: 'shredVersion', is: 65_535 },
    { args: ['--gossip-port', '8001'], key: 'gossipPort', is: 8_001 },
    { args: ['--bind-address', '10.0.0.1'], key: 'bindAddress', is: '10.0.0.1' },
    { args: ['--allow-private-addr'], key: 'allowPrivateAddr', is: true },
    { args: ['-u', 'm'], key: 'url', is: 'mainnet' },
    { args: ['-u', 'mainnet-beta'], key: 'url', is: 'mainnet' },
    { args: ['-u', 't'], key: 'url', is: 'testnet' },
    { args: ['-u', 'devnet'], key: 'url', is: 'devnet' },
  ];
  for (const { args, key, is } of good) {
    it(args.join(' '), () => expect(flags(...args)).toHaveProperty(key, is));
  }

  const bad = [
    { args: ['-N', '-1'], says: 'Give a whole number from 0 to 1000000.' },
    { args: ['-N', '1.5'], says: 'Give a whole number from 0 to 1000000.' },
    { args: ['-N', '1000001'], says: 'Give a whole number from 0 to 1000000.' },
    { args: ['-N', '0x10'], says: 'Give a whole number from 0 to 1000000.' },
    { args: ['-N', ''], says: 'Give a whole number from 0 to 1000000.' },
    { args: ['--timeout', '0'], says: 'Give a number above 0.' },
    { args: ['--timeout', '-3'], says: 'Give a number above 0.' },
    { args: ['--timeout', 'soon'], says: 'Give a number above 0.' },
    { args: ['--timeout', 'Infinity'], says: 'Give a number above 0.' },
    { args: ['--shred-version', '65536'], says: 'Give a whole number from 0 to 65535.' },
    { args: ['--bind-address', '1.2.3'], says: 'Give an IPv4 address such as 203.0.113.7.' },
    { args: ['--bind-address', '::1'], says: 'Give an IPv4 address such as 203.0.113.7.' },
    { args: ['-u', 'mainet'], says: 'Choose mainnet, testnet or devnet; for another cluster' },
    { args: ['-u', 'toString'], says: 'Choose mainnet, testnet or devnet; for another cluster' },
    { args: ['-p', '0'.repeat(44)], says: 'is no public key: 32 bytes in base58' },
    { args: ['--log-level', 'loud'], says: 'Allowed choices are debug, info, warn, error, silent' },
  ];
  for (const { args, says } of bad) {
    it(`${args.join(' ')} is refused in words`, () => {
      const said = parse(...args);
      expect(said).toContain(says);
      expect(said).toContain(args[0]);
    });
  }
});

describe('whom to ask', () => {
  const cases = [
    { args: [], names: CLUSTER_ENTRYPOINTS['mainnet'] },
    { args: ['-u', 'devnet'], names: CLUSTER_ENTRYPOINTS['devnet'] },
    { args: ['-n', 'a:1', '-u', 'devnet'], names: ['a:1'] },
    { args: ['--shred-version', '7'], names: CLUSTER_ENTRYPOINTS['mainnet'] },
    {
      args: ['--shred-version', '7', '--bind-address', '1.2.3.4', '--gossip-port', '9'],
      names: [],
    },
    {
      args: ['--shred-version', '7', '--bind-address', '1.2.3.4', '--gossip-port', '9', '-u', 't'],
      names: CLUSTER_ENTRYPOINTS['testnet'],
    },
  ];
  for (const { args, names } of cases) {
    it(args.length > 0 ? args.join(' ') : 'without a flag', () => {
      expect(entrypointNames(flags(...args))).toEqual(names);
    });
  }
});

it('flags that contradict each other are refused', () => {
  expect(() => forbidBoth(1, undefined, 'no')).not.toThrow();
  expect(() => forbidBoth(undefined, 2, 'no')).not.toThrow();
  expect(() => forbidBoth(0, 0, 'not both')).toThrow(SpyError);
});
