import { describe, expect, it } from 'vitest';
import { AskedPeers } from '../../../src/node/asked-peers.ts';

const IP = 0x0a000001;

describe('peers that were asked', () => {
  it('answer once: what they say after that is no news', () => {
    const peers = new AskedPeers();
    expect(peers.open(IP, 8001)).toBe(false); // nobody asked it
    peers.ask(IP, 8001, 5);
    expect(peers.get(IP, 8001)).toEqual({ askedMs: 5, isOpen: false });
    expect(peers.get(IP, 8002)).toBeUndefined();
    expect([peers.open(IP, 8001), peers.open(IP, 8001), peers.openCount]).toEqual([true, false, 1]);
    peers.ask(IP, 8001, 9);
    expect(peers.get(IP, 8001)).toEqual({ askedMs: 9, isOpen: true });
  });

  it('are forgotten in the order in which they were first asked', () => {
    const peers = new AskedPeers();
    for (let port = 0; port < 4_096; port++) peers.ask(IP, port, port);
    peers.open(IP, 0);
    peers.open(IP, 1);
    peers.ask(IP, 0, 5_000); // asking again does not make it younger
    peers.ask(IP, 5_000, 5_000);
    expect([peers.get(IP, 0), peers.openCount]).toEqual([undefined, 1]);
    peers.ask(IP, 5_001, 5_001);
    expect([peers.get(IP, 1), peers.openCount]).toEqual([undefined, 0]);
    expect(peers.get(IP, 2)).toBeDefined();
  });
});
