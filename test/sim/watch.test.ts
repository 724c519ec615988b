import { describe, expect, it } from 'vitest';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { SignedMessages } from '../../src/tasks/gossip.ts';
import { seededRng } from '../../src/util/rng.ts';
import { addressKey } from './network.ts';
import { StandInIdentity, StandInVerifier } from './stand-in.ts';
import { Watch } from './watch.ts';

const xxhash = await loadXxhash();
const rng = seededRng(1);
const us = new StandInIdentity(rng, xxhash);
const them = new StandInIdentity(rng, xxhash);
const US = { ip: 0x05000001, port: 8_000 };
const THEM = { ip: 0x05000002, port: 8_000 };
const ENTRYPOINT = { ip: 0x05000003, port: 8_000 };
const FORGED = { ip: 0x05000004, port: 8_000 };
type Where = typeof US;

/** A watch over a node that may send 100 kB a second, and what happens around it. */
class Scene {
  nowMs = 1_000;
  readonly watch = new Watch(
    {
      key: us.publicKey,
      allowPrivate: false,
      bytesPerSecond: 100_000,
      entrypoints: [ENTRYPOINT],
      forged: new Set([addressKey(FORGED.ip, FORGED.port)]),
    },
    new StandInVerifier(xxhash),
    this.nowMs,
  );

  constructor() {
    this.watch.own = US;
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  sent(bytes: Uint8Array, { ip, port }: Where): this {
    this.watch.sent(bytes, ip, port, this.nowMs);
    return this;
  }

  came(bytes: Uint8Array, { ip, port }: Where): this {
    this.watch.delivered(bytes, ip, port, this.nowMs);
    return this;
  }

  /** We ping an address and it answers. */
  prove(where: Where): this {
    const one = ping(us);
    return this.sent(one, where).came(pong(them, one), where);
  }
}

function ping(from: StandInIdentity, token = randomToken()): Uint8Array {
  const bytes = new Uint8Array(132);
  new SignedMessages(from).ping(bytes, 0, token);
  return bytes;
}

function pong(from: StandInIdentity, to: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(132);
  new SignedMessages(from).pong(bytes, 0, to, 36);
  return bytes;
}

function randomToken(): Uint8Array {
  const token = new Uint8Array(32);
  rng.fill(token);
  return token;
}

/** A message that only its tag says anything of. */
function message(tag: number, length = 200): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[0] = tag;
  return bytes;
}

const PULL = message(0, 1_200);
const RESPONSE = message(1);
const PUSH = message(2);
const PRUNE = message(3);
const TOKEN = randomToken();

describe('a node is caught when', () => {
  const cases: { name: string; rule: RegExp; play: (scene: Scene) => void }[] = [
    { name: 'it pushes to a stranger', rule: /C7/, play: (s) => s.sent(PUSH, THEM) },
    { name: 'it asks a stranger', rule: /C7/, play: (s) => s.sent(PULL, THEM) },
    { name: 'it prunes an entrypoint', rule: /C7/, play: (s) => s.sent(PRUNE, ENTRYPOINT) },
    { name: 'it answers nobody', rule: /C7/, play: (s) => s.prove(THEM).sent(RESPONSE, THEM) },
    {
      name: 'it answers a stranger who asked',
      rule: /C7/,
      play: (s) => s.came(PULL, THEM).sent(RESPONSE, THEM),
    },
    {
      name: 'it trusts a pong to an older ping',
      rule: /C7/,
      play(s) {
        const first = ping(us);
        s.sent(first, THEM).wait(2_000).sent(ping(us), THEM);
        s.came(pong(them, first), THEM).sent(PUSH, THEM);
      },
    },
    {
      name: 'it trusts a pong from elsewhere',
      rule: /C7/,
      play(s) {
        const one = ping(us);
        s.sent(one, THEM).came(pong(them, one), FORGED).sent(PUSH, FORGED);
      },
    },
    {
      name: 'it trusts a pong that came too late',
      rule: /C7/,
      play(s) {
        const one = ping(us);
        s.sent(one, THEM).wait(20_100).came(pong(them, one), THEM).sent(PUSH, THEM);
      },
    },
    {
      name: 'it trusts a proof for ever',
      rule: /C7/,
      play: (s) => s.prove(THEM).wait(1_280_001).sent(PUSH, THEM),
    },
    {
      name: 'it answers more pings than came',
      rule: /G8/,
      play(s) {
        const one = ping(them);
        s.came(one, THEM).sent(pong(us, one), THEM).sent(pong(us, one), THEM);
      },
    },
    {
      name: 'it answers a ping that nobody signed',
      rule: /G8/,
      play(s) {
        const one = ping(them);
        one[100]! ^= 1;
        s.came(one, THEM).sent(pong(us, one), THEM);
      },
    },
    {
      name: 'it gives a forged source two for one',
      rule: /G8/,
      play: (s) => s.came(PULL, FORGED).sent(ping(us), FORGED).wait(3_000).sent(ping(us), FORGED),
    },
    {
      name: 'it gives a forged source more bytes than came',
      rule: /G8/,
      play: (s) => s.came(message(0, 20), FORGED).sent(ping(us), FORGED),
    },
    {
      name: 'it pings an address three times in 20 s',
      rule: /limits/,
      play: (s) =>
        s.sent(ping(us), THEM).wait(2_000).sent(ping(us), THEM).wait(17_900).sent(ping(us), THEM),
    },
    {
      name: 'it pings 17 ports of one IP',
      rule: /limits/,
      play(s) {
        for (let port = 1; port <= 17; port++) s.sent(ping(us), { ip: THEM.ip, port });
      },
    },
    {
      name: 'it uses a token twice',
      rule: /C2/,
      play: (s) => s.sent(ping(us, TOKEN), THEM).sent(ping(us, TOKEN), FORGED),
    },
    { name: "it pings in another's name", rule: /C2/, play: (s) => s.sent(ping(them), THEM) },
    {
      name: 'it spends more than its budget',
      rule: /C5/,
      play(s) {
        s.prove(THEM);
        for (let i = 0; i < 21; i++) s.sent(PULL, THEM);
      },
    },
    { name: 'it talks to itself', rule: /faults/, play: (s) => s.sent(ping(us), US) },
    {
      name: 'it talks to broadcast',
      rule: /promise 2/,
      play: (s) => s.sent(ping(us), { ip: 0xffffffff, port: 1 }),
    },
    {
      name: 'it talks to a private address',
      rule: /promise 2/,
      play: (s) => s.sent(ping(us), { ip: 0x0a000001, port: 1 }),
    },
    {
      name: 'it sends 1,233 bytes',
      rule: /promise 2/,
      play: (s) => s.sent(message(4, 1_233), THEM),
    },
  ];
  for (const { name, rule, play } of cases) {
    it(name, () => expect(() => play(new Scene()), name).toThrow(rule));
  }
});

it('an honest node is left alone', () => {
  const scene = new Scene();
  const asked = ping(them);
  scene.sent(PULL, ENTRYPOINT).prove(THEM).sent(PUSH, THEM).sent(PRUNE, THEM);
  scene.came(PULL, THEM).sent(RESPONSE, THEM).came(asked, THEM).sent(pong(us, asked), THEM);
  scene.came(PULL, FORGED).sent(ping(us), FORGED);
  for (let i = 0; i < 15; i++) scene.sent(PULL, THEM);
  scene.wait(1_000);
  for (let i = 0; i < 15; i++) scene.sent(PULL, THEM);
  expect(scene.watch.received).toBe(4);
  expect(scene.watch.hasProof(them.publicKey, 0, THEM.ip, THEM.port, scene.nowMs)).toBe(true);
});
