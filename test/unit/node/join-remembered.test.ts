import { afterAll, describe, expect, it } from 'vitest';
import { buildEcho } from '../../../src/node/bootstrap.ts';
import { type JoinWishes, prepareJoin } from '../../../src/node/join.ts';
import { SILENT_LOGGER } from '../../../src/node/ports.ts';
import { SystemClock } from '../../../src/util/clock.ts';
import { LOOPBACK_IP } from '../../../src/util/ipv4.ts';
import { freePort, Leftovers } from '../../cli/command.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

const OUR_IP = 0xcb007101;
const remembered = { shredVersion: 50_093, ip: OUR_IP };

function join(wishes: Partial<JoinWishes>): ReturnType<typeof prepareJoin> {
  const usual = { entrypoints: [], shredVersion: 0, bindAddress: undefined, allowPrivate: true };
  return prepareJoin({ ...usual, remembered, ...wishes }, SILENT_LOGGER);
}

/** An entrypoint that takes its time. */
async function entrypoint(shredVersion: number, afterMs: number): Promise<string> {
  const port = await leftovers.tcp((socket) => {
    SystemClock.after(afterMs, () => socket.end(buildEcho(LOOPBACK_IP, shredVersion)));
  });
  return `127.0.0.1:${port}`;
}

describe('what a store remembers', () => {
  it('is enough when there is nobody to ask', async () => {
    const facts = await join({});
    expect([facts.shredVersion, facts.ip]).toEqual([50_093, OUR_IP]);
    await facts.confirmation;
  });

  it('is enough when nobody answers', async () => {
    const facts = await join({ entrypoints: [`127.0.0.1:${await freePort()}`] });
    expect([facts.shredVersion, facts.ip]).toEqual([50_093, OUR_IP]);
    await facts.confirmation;
  });

  it('gives way to an entrypoint that answers in time', async () => {
    const facts = await join({ entrypoints: [await entrypoint(7, 0)] });
    expect([facts.shredVersion, facts.ip]).toEqual([7, LOOPBACK_IP]);
  });

  it('does not outvote the operator', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const facts = await join({ entrypoints: [dead], shredVersion: 7 }).catch((error) => error);
    // Asked on the operator's word alone, whose version it takes.
    expect(facts.shredVersion).toBe(7);
    expect(facts.ip).not.toBe(OUR_IP);
    await expect(join({ shredVersion: 7 })).rejects.toMatchObject({ code: 'NOBODY_TO_ASK' });
  });

  it('is what a late entrypoint may object to', async () => {
    const facts = await join({ entrypoints: [await entrypoint(7, 1_700)] });
    expect(facts.shredVersion).toBe(50_093);
    await expect(facts.confirmation).rejects.toMatchObject({ code: 'SHRED_VERSION_CHANGED' });
  });
});
