/** The ip-echo protocol over real connections, from both ends. */
import { connect, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import {
  askEcho,
  buildEcho,
  type Entrypoint,
  learnCluster,
  localAddressTowards,
} from '../../src/node/bootstrap.ts';
import { EchoServer } from '../../src/node/echo-server.ts';
import { prepareJoin } from '../../src/node/join.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import type { SpyError } from '../../src/util/assert.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { LOOPBACK_IP, parseIp } from '../../src/util/ipv4.ts';
import { freePort, Leftovers } from './command.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

const at = (port: number): Entrypoint => ({ name: `127.0.0.1:${port}`, ip: LOOPBACK_IP, port });
const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    SystemClock.after(ms, resolve);
  });
const refusal = (work: Promise<unknown>): Promise<SpyError> =>
  work.then(
    () => expect.fail('was not refused'),
    (error: SpyError) => error,
  );

/** Sends bytes to our own server. @returns what it answers, in hex */
async function exchange(port: number, ...parts: Uint8Array[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  const chunks: Buffer[] = [];
  socket.on('data', (data) => chunks.push(data));
  const closed = new Promise((resolve) => socket.on('close', resolve));
  for (const part of parts) {
    socket.write(part);
    await sleep(20);
  }
  await closed;
  return Buffer.concat(chunks).toString('hex');
}

/** Writes one segment after another, and hangs up unless told to stay. */
async function speak(socket: Socket, pieces: readonly Uint8Array[], stays: boolean): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece);
    await sleep(20);
  }
  if (!stays) socket.end();
}

describe('our server', () => {
  const request = new Uint8Array(21);
  request[20] = 0x0a;
  const full = Buffer.from(buildEcho(LOOPBACK_IP, 7_777)).toString('hex');

  it('C-150: tells address and shred version in 27 bytes, however the request is cut', async () => {
    const port = await leftovers.echo(7_777);
    expect(await exchange(port, request)).toBe(full);
    expect(await exchange(port, request.subarray(0, 1), request.subarray(1))).toBe(full);
  });

  it('C-152: tells HTTP clients that it is none of theirs', async () => {
    const port = await leftovers.echo(1);
    for (const method of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'POST /index HTTP/1.1\r\n\r\n']) {
      const answer = Buffer.from(await exchange(port, Buffer.from(method)), 'hex').toString();
      expect(answer).toBe('HTTP/1.1 400 Bad Request\nContent-length: 0\n\n');
    }
  });

  it('C-153: says nothing to another header', async () => {
    const port = await leftovers.echo(1);
    const wrong = request.slice();
    wrong[0] = 1;
    expect(await exchange(port, wrong)).toBe('');
  });

  it('says nothing when a TCP port that it shall try is closed', async () => {
    const port = await leftovers.echo(1);
    const probing = request.slice();
    new DataView(probing.buffer).setUint16(4, await freePort(), true);
    expect(await exchange(port, probing)).toBe('');
    const open = await leftovers.tcp((socket) => socket.destroy());
    new DataView(probing.buffer).setUint16(4, open, true);
    expect(await exchange(port, probing)).toBe(
      Buffer.from(buildEcho(LOOPBACK_IP, 1)).toString('hex'),
    );
  });

  it('says to a web browser who runs it', async () => {
    const server = new EchoServer(() => 1, SystemClock, SILENT_LOGGER, 'Run by: me\n');
    const port = await freePort();
    await server.listen('127.0.0.1', port);
    const answer = await exchange(port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await server.close();
    expect(Buffer.from(answer, 'hex').toString()).toBe(
      'HTTP/1.1 400 Bad Request\nContent-length: 11\n\nRun by: me\n',
    );
  });

  it('does without where the port is taken, and says so', async () => {
    const port = await leftovers.tcp(() => {});
    const warnings: object[] = [];
    const logger = { ...SILENT_LOGGER, warn: (fields: object) => warnings.push(fields) };
    const server = new EchoServer(() => 1, SystemClock, logger);
    expect(await server.listen('127.0.0.1', port)).toBe(false);
    expect(warnings).toMatchObject([{ port }]);
    await server.close();
  });
});

describe('asking', () => {
  const answer = buildEcho(parseIp('203.0.113.7'), 20_126);
  const told = { ip: parseIp('203.0.113.7'), shredVersion: 20_126 };

  it('our own server works', async () => {
    const port = await leftovers.echo(9);
    expect(await askEcho(at(port))).toEqual({ ip: LOOPBACK_IP, shredVersion: 9 });
  });

  const servers: { name: string; pieces: Uint8Array[]; stays?: boolean; is?: object }[] = [
    { name: 'a whole answer', pieces: [answer] },
    { name: 'C-157: one in two segments', pieces: [answer.subarray(0, 11), answer.subarray(11)] },
    { name: 'C-154: one without padding', pieces: [answer.subarray(0, 15)] },
    { name: 'one behind which the connection stays open', pieces: [answer], stays: true },
    { name: 'a short one, with it open', pieces: [answer.subarray(0, 15)], stays: true },
    { name: 'more than an answer', pieces: [answer, new Uint8Array(100)], stays: true },
    {
      name: 'C-155: one without a shred version',
      pieces: [answer.subarray(0, 12)],
      is: { ip: told.ip, shredVersion: undefined },
    },
  ];
  for (const { name, pieces, stays = false, is = told } of servers) {
    it(`understands ${name}`, async () => {
      const port = await leftovers.tcp((socket) => {
        speak(socket, pieces, stays).catch(() => socket.destroy());
      });
      const startedMs = SystemClock.monoMs();
      expect(await askEcho(at(port), 3_000)).toEqual(is);
      expect(SystemClock.monoMs() - startedMs).toBeLessThan(2_000);
    });
  }

  it('sends 21 bytes', async () => {
    let request = '';
    const port = await leftovers.tcp((socket) => {
      socket.on('data', (data) => {
        request += data.toString('hex');
        socket.end(answer);
      });
    });
    await askEcho(at(port));
    expect(request).toBe(`${'00'.repeat(20)}0a`);
  });

  it('gives up after its time, also when a byte comes now and then', async () => {
    const silent = await leftovers.tcp(() => {});
    const dripping = await leftovers.tcp((socket) => {
      const cancel = SystemClock.every(50, () => socket.write(Uint8Array.of(0)));
      socket.on('close', cancel);
    });
    for (const port of [silent, dripping]) {
      const startedMs = SystemClock.monoMs();
      const { code, message } = await refusal(askEcho(at(port), 300));
      expect(code).toBe('ECHO_TIMEOUT');
      expect(message).toBe(`The entrypoint 127.0.0.1:${port} did not answer within 0.3 s.`);
      expect(SystemClock.monoMs() - startedMs).toBeLessThan(1_000);
    }
  });

  it('breaks off when nobody waits any more', async () => {
    const silent = await leftovers.tcp(() => {});
    const stop = new AbortController();
    const asking = refusal(askEcho(at(silent), 5_000, stop.signal));
    stop.abort();
    expect((await asking).code).toBe('ECHO_REFUSED');
  });

  const wrong = [
    { name: 'a closed port', code: 'ECHO_REFUSED', says: /cannot be reached: nothing listens/ },
    {
      name: 'HTTP',
      text: 'HTTP/1.1 400 Bad Request\r\n\r\n',
      code: 'ECHO_IS_RPC',
      says: /JSON-RPC/,
    },
    {
      name: 'SSH',
      text: 'SSH-2.0-OpenSSH_9.2\r\n',
      code: 'ECHO_MALFORMED',
      says: /not as a gossip/,
    },
    { name: 'nothing at all', text: '', code: 'ECHO_MALFORMED', says: /not as a gossip/ },
  ];
  for (const { name, text, code, says } of wrong) {
    it(`says what is wrong: ${name}`, async () => {
      const port =
        text === undefined
          ? await freePort()
          : await leftovers.tcp((socket) => socket.on('data', () => socket.end(text)));
      const error = await refusal(askEcho(at(port)));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(says);
    });
  }
});

describe('several entrypoints', () => {
  it('decide by the first two that agree, without waiting for a silent one', async () => {
    const ports = [await leftovers.echo(5), await leftovers.tcp(() => {}), await leftovers.echo(5)];
    const startedMs = SystemClock.monoMs();
    expect(await learnCluster(ports.map(at), 0)).toEqual({
      shredVersion: 5,
      ip: LOOPBACK_IP,
      warnings: [],
    });
    expect(SystemClock.monoMs() - startedMs).toBeLessThan(2_000);
  });

  it('outvote a liar', async () => {
    const ports = [await leftovers.echo(6), await leftovers.echo(5), await leftovers.echo(5)];
    expect((await learnCluster(ports.map(at), 0)).shredVersion).toBe(5);
  });

  it('of which one answers are believed, with a warning', async () => {
    const ports = [await leftovers.echo(5), await freePort()];
    const { shredVersion, warnings } = await learnCluster(ports.map(at), 0);
    expect(shredVersion).toBe(5);
    expect(warnings.at(-1)).toContain('taken on trust');
  });

  it('that disagree are refused', async () => {
    const ports = [await leftovers.echo(5), await leftovers.echo(6)];
    const { code, message } = await refusal(learnCluster(ports.map(at), 0));
    expect(code).toBe('SHRED_VERSION_DISPUTED');
    expect(message).toMatch(/\((5, 6|6, 5)\)\. Say which one is meant with --shred-version\./);
  });

  it('C-158: that do not know a shred version are no help', async () => {
    const ports = [await leftovers.echo(0), await leftovers.echo(0)];
    const { code, message } = await refusal(learnCluster(ports.map(at), 0));
    expect(code).toBe('NO_ENTRYPOINT_ANSWERED');
    expect(message).toContain('does not say its shred version');
  });

  it('do not overrule the operator while one agrees', async () => {
    const ports = [await leftovers.echo(6), await leftovers.echo(5)];
    expect((await learnCluster(ports.map(at), 5)).shredVersion).toBe(5);
    const { code, message } = await refusal(learnCluster(ports.map(at), 7));
    expect(code).toBe('SHRED_VERSION_WRONG');
    expect(message).toMatch(/is on shred version [56], not 7: no node of its cluster would answer/);
  });

  it('that are silent say nothing against the operator', async () => {
    const ports = [await freePort(), await leftovers.echo(0)];
    expect((await learnCluster(ports.map(at), 7)).shredVersion).toBe(7);
  });
});

describe('joining', () => {
  it('through loopback allows private addresses, and takes the address the entrypoint sees', async () => {
    const entrypoints = [`127.0.0.1:${await leftovers.echo(5)}`];
    const wishes = { entrypoints, shredVersion: 0, bindAddress: undefined, allowPrivate: false };
    const facts = await prepareJoin(wishes, SILENT_LOGGER);
    expect(facts).toMatchObject({ shredVersion: 5, ip: LOOPBACK_IP, allowPrivate: true });
  });

  it('with all that is needed waits for nobody; a wrong shred version comes to light later', async () => {
    const entrypoints = [`127.0.0.1:${await leftovers.echo(5)}`];
    const wishes = { entrypoints, shredVersion: 6, bindAddress: '127.0.0.1', allowPrivate: false };
    const facts = await prepareJoin(wishes, SILENT_LOGGER);
    expect(facts.shredVersion).toBe(6);
    expect((await refusal(facts.confirmation)).code).toBe('SHRED_VERSION_WRONG');
  });

  it('can stop asking: then nothing is held against the operator', async () => {
    const entrypoints = [`127.0.0.1:${await leftovers.tcp(() => {})}`];
    const wishes = { entrypoints, shredVersion: 6, bindAddress: '127.0.0.1', allowPrivate: false };
    const facts = await prepareJoin(wishes, SILENT_LOGGER);
    facts.stopAsking();
    await expect(facts.confirmation).resolves.toBeUndefined();
  });

  it('finds the address that leads to an entrypoint', async () => {
    expect(await localAddressTowards(at(9))).toBe(LOOPBACK_IP);
  });
});
