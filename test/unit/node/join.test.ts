import { describe, expect, it } from 'vitest';
import { type JoinWishes, prepareJoin } from '../../../src/node/join.ts';
import { SILENT_LOGGER } from '../../../src/node/ports.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { LOOPBACK_IP, parseIp } from '../../../src/util/ipv4.ts';

const NOTHING: JoinWishes = {
  entrypoints: [],
  shredVersion: 0,
  bindAddress: undefined,
  allowPrivate: false,
};

describe('without an entrypoint', () => {
  it('shred version and address are enough', async () => {
    const wishes = { ...NOTHING, shredVersion: 7, bindAddress: '127.0.0.1' };
    const facts = await prepareJoin(wishes, SILENT_LOGGER);
    expect(facts).toMatchObject({
      entrypoints: [],
      shredVersion: 7,
      ip: LOOPBACK_IP,
      allowPrivate: false,
    });
    await expect(facts.confirmation).resolves.toBeUndefined();
  });

  it('private addresses are allowed when the operator says so', async () => {
    const wishes = { ...NOTHING, shredVersion: 7, bindAddress: '10.0.0.1', allowPrivate: true };
    const facts = await prepareJoin(wishes, SILENT_LOGGER);
    expect([facts.ip, facts.allowPrivate]).toEqual([parseIp('10.0.0.1'), true]);
  });

  const cases = [
    { name: 'nothing', wishes: NOTHING },
    { name: 'no address', wishes: { ...NOTHING, shredVersion: 7 } },
    { name: 'no shred version', wishes: { ...NOTHING, bindAddress: '127.0.0.1' } },
  ];
  for (const { name, wishes } of cases) {
    it(`with ${name} it says what is missing`, async () => {
      const refusal = await prepareJoin(wishes, SILENT_LOGGER).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(SpyError);
      expect((refusal as SpyError).code).toBe('NOBODY_TO_ASK');
      expect((refusal as SpyError).message).toContain('--shred-version, --bind-address');
    });
  }
});

describe('with entrypoints', () => {
  /** What comes of names that are no entrypoints, and what is warned of. */
  async function refusalOf(
    ...entrypoints: string[]
  ): Promise<{ refusal: SpyError; warnings: string[] }> {
    const warnings: string[] = [];
    const logger = { ...SILENT_LOGGER, warn: (_: object, text: string) => warnings.push(text) };
    const refusal: unknown = await prepareJoin({ ...NOTHING, entrypoints }, logger).catch((e) => e);
    expect(refusal).toBeInstanceOf(SpyError);
    return { refusal: refusal as SpyError, warnings };
  }

  it('one of which is malformed it says so, once', async () => {
    const { refusal, warnings } = await refusalOf('nowhere');
    expect(refusal.code).toBe('ENTRYPOINT_MALFORMED');
    expect(refusal.message).toMatch(/^"nowhere" is no entrypoint/);
    expect(warnings).toEqual([]);
  });

  it('all of which are malformed it says so, once', async () => {
    const { refusal, warnings } = await refusalOf('nowhere', '1.2.3.4:0');
    expect(refusal.code).toBe('ENTRYPOINT_MALFORMED');
    expect(refusal.message).toMatch(/^None of the 2 entrypoints can be used\. "nowhere" is no/);
    expect(warnings).toEqual([]);
  });
});
