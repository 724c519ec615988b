import { describe, expect, it } from 'vitest';
import { ChangeLog, type Unnumbered } from '../../../../src/api/changes.ts';
import { AHEAD_BYTES, IDLE_MS, STALL_MS } from '../../../../src/api/http/limits.ts';
import type { StreamFormat } from '../../../../src/api/http/stream-format.ts';
import { StreamHub } from '../../../../src/api/http/stream-hub.ts';
import type { EndReason, Sink } from '../../../../src/api/http/subscriber.ts';
import { ManualClock } from '../../../../src/util/clock.ts';

/** A socket that takes what it is told to take. */
class FakeSink implements Sink {
  waitingBytes = 0;
  isStuck = false;
  text = '';
  ended: EndReason | undefined;

  write(parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.text += part.toString();
      if (this.isStuck) this.waitingBytes += part.length;
    }
  }

  end(last: Buffer, reason: EndReason): void {
    this.text += last.toString();
    this.ended = reason;
  }

  /** Everything that was written since the last call, as objects. */
  lines(): Line[] {
    const { text } = this;
    this.text = '';
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  }
}

interface Line {
  kind: string;
  seq: number;
  [field: string]: unknown;
}

class Streams {
  readonly clock = new ManualClock();
  readonly log: ChangeLog;
  readonly hub: StreamHub;
  readonly counts: number[] = [];

  constructor(capacity = 10_000, nodeCount = 2) {
    const nodes = Array.from({ length: nodeCount }, (_, i) => ({
      pubkey: (10 + i).toString(36),
      gossip: null,
      rpc: null,
      version: '4.4.0',
      client: 'Agave',
      shredVersion: 1,
      outset: '1',
      voted: null,
      snapshot: null,
    }));
    const { clock } = this;
    this.log = new ChangeLog({ states: () => nodes, nowMs: () => clock.wallMs(), capacity });
    this.hub = new StreamHub(this.log, clock, (open) => this.counts.push(open));
  }

  /** So many nodes vote. */
  happen(count: number, pubkey = 'a'): void {
    const one: Unnumbered = {
      kind: 'voted',
      pubkey,
      old: 1,
      new: 2,
      via: { route: 'push', from: null },
      gossip: '198.51.0.1:8001',
      version: '4.4.0',
    };
    this.log.append(
      Array.from({ length: count }, () => one),
      [],
    );
  }

  follow(since?: number, format: StreamFormat = 'ndjson', pubkeys?: string[]) {
    const sink = new FakeSink();
    const stream = this.hub.begin({ pubkeys }, format, since, sink);
    this.clock.advance(0);
    return { sink, stream };
  }
}

const seqs = (lines: readonly Line[]): number[] =>
  lines.filter(({ kind }) => kind === 'voted').map(({ seq }) => seq);

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('a stream', () => {
  it('tells what happens from now on', () => {
    const streams = new Streams();
    streams.happen(3);
    const { sink } = streams.follow();
    expect(sink.lines()).toEqual([{ kind: 'hello', seq: 3, oldest: 1, latest: 3 }]);
    streams.happen(2);
    expect(seqs(sink.lines())).toEqual([4, 5]);
  });

  it('tells first what was missed, each once, while more happens', () => {
    const streams = new Streams();
    streams.happen(1_000);
    const sink = new FakeSink();
    streams.hub.begin({}, 'ndjson', 10, sink);
    streams.happen(5);
    streams.clock.advance(0);
    streams.happen(5);
    expect(seqs(sink.lines())).toEqual(range(11, 1_010));
  });

  it('goes on where a thousand broken ones stopped, with nothing lost or doubled', () => {
    const streams = new Streams();
    const heard: number[] = [];
    let since = 0;
    for (let i = 0; i < 1_000; i++) {
      const { sink, stream } = streams.follow(since);
      streams.happen(i % 7);
      const lines = seqs(sink.lines());
      heard.push(...lines);
      since = lines.at(-1) ?? since;
      stream.closed();
      streams.happen(i % 3);
    }
    const { sink } = streams.follow(since);
    heard.push(...seqs(sink.lines()));
    expect(heard).toEqual(range(1, streams.log.latest));
  });

  it('tells of a gap when the log does not reach back, then goes on', () => {
    const streams = new Streams(10);
    streams.happen(50);
    const { sink } = streams.follow(5);
    const [hello, gap, ...rest] = sink.lines();
    expect(hello).toMatchObject({ kind: 'hello', seq: 5 });
    expect(gap).toMatchObject({ kind: 'gap', gap: true, since: 5, seq: 50, reason: 'lost' });
    expect(gap?.['nodes']).toHaveLength(2);
    expect(rest).toEqual([]);
    streams.happen(1);
    expect(seqs(sink.lines())).toEqual([51]);
    expect(streams.hub.gaps).toBe(1);
  });

  it('tells of a gap to who comes from another life', () => {
    const streams = new Streams();
    streams.happen(2);
    const { sink } = streams.follow(5_000);
    expect(sink.lines()[1]).toMatchObject({ kind: 'gap', reason: 'future', since: 5_000, seq: 2 });
    streams.happen(1);
    expect(seqs(sink.lines())).toEqual([3]);
  });

  it('shares a picture of all nodes among those who come within a second', () => {
    const streams = new Streams(10);
    streams.happen(50);
    streams.follow(1);
    streams.happen(3);
    const { sink } = streams.follow(2);
    const [, gap, ...rest] = sink.lines();
    expect(gap).toMatchObject({ kind: 'gap', since: 2, seq: 50 });
    expect(seqs(rest), 'what came after the picture').toEqual([51, 52, 53]);
  });

  it('tells only what is wanted', () => {
    const streams = new Streams();
    const { sink } = streams.follow(undefined, 'ndjson', ['b']);
    streams.happen(3, 'a');
    streams.happen(1, 'b');
    expect(seqs(sink.lines())).toEqual([4]);
  });

  it('says from time to time that all is well', () => {
    const streams = new Streams();
    const { sink } = streams.follow(undefined, 'ndjson', ['b']);
    sink.lines();
    streams.happen(3, 'a');
    streams.clock.advance(IDLE_MS + 1_000);
    expect(sink.lines()).toEqual([{ kind: 'idle', seq: 3 }]);
  });

  const formats = [
    {
      format: 'ndjson',
      begins: /^\{"kind":"hello".*\}\n$/,
      goesOn: /^\{"seq":1.*\}\n\{"seq":2.*\}\n$/,
    },
    {
      format: 'events',
      begins: /^id: 0\ndata: \{.*\}\n\n$/,
      goesOn: /^id: 1\ndata: \{.*\}\n\nid: 2\ndata: \{.*\}\n\n$/,
    },
    { format: 'websocket', begins: /^\[\{.*\}\]$/, goesOn: /^\[\{"seq":1.*\},\{"seq":2.*\}\]$/ },
  ] as const;
  for (const { format, begins, goesOn } of formats) {
    it(`is written as ${format}`, () => {
      const streams = new Streams();
      const { sink } = streams.follow(undefined, format);
      expect(sink.text).toMatch(begins);
      sink.text = '';
      streams.happen(2);
      expect(sink.text).toMatch(goesOn);
    });
  }
});

describe('a reader who takes nothing', () => {
  it('costs some bytes, then goes, and hurts nobody else', () => {
    const streams = new Streams();
    const stuck = streams.follow();
    const other = streams.follow();
    stuck.sink.isStuck = true;
    for (let i = 0; i < 40; i++) {
      streams.happen(100);
      streams.clock.advance(50);
    }
    expect(stuck.sink.waitingBytes).toBeLessThan(AHEAD_BYTES * 2);
    streams.clock.advance(STALL_MS);
    expect(stuck.sink.ended).toBe('slow');
    expect(stuck.sink.text).toContain('"kind":"end"');
    expect(other.sink.ended).toBeUndefined();
    expect(seqs(other.sink.lines())).toEqual(range(1, 4_000));
    expect(streams.hub.ended.slow).toBe(1);
  });

  it('is left alone while little waits', () => {
    const streams = new Streams();
    const { sink } = streams.follow();
    sink.isStuck = true;
    streams.happen(100);
    streams.clock.advance(STALL_MS * 3);
    expect(sink.ended).toBeUndefined();
  });

  it('goes also for few changes, when they are over 1 MiB', () => {
    const streams = new Streams();
    const stuck = streams.follow();
    stuck.sink.isStuck = true;
    streams.happen(300, 'a'.repeat(4_000));
    streams.clock.advance(STALL_MS + 1_000);
    expect(stuck.sink.ended).toBe('slow');
    expect(stuck.sink.waitingBytes).toBeLessThan(AHEAD_BYTES * 6);
  });

  it('goes when it does not take a picture of all nodes, whose memory it holds', () => {
    const streams = new Streams(100, 9_000);
    streams.happen(300);
    const sink = new FakeSink();
    sink.isStuck = true;
    streams.hub.begin({}, 'ndjson', 1, sink);
    streams.clock.advance(STALL_MS + 1_000);
    expect(sink.text.slice(0, 200)).toContain('"kind":"gap"');
    expect(sink.ended).toBe('slow');
  });

  it('may catch up when it takes again', () => {
    const streams = new Streams();
    const { sink, stream } = streams.follow();
    sink.isStuck = true;
    for (let i = 0; i < 30; i++) streams.happen(100);
    expect(sink.waitingBytes).toBeGreaterThan(AHEAD_BYTES);
    sink.isStuck = false;
    sink.waitingBytes = 0;
    stream.drained();
    streams.happen(10);
    streams.clock.advance(0);
    streams.happen(1);
    expect(seqs(sink.lines())).toEqual(range(1, 3_011));
  });

  it('is taken to be gone in the end', () => {
    const streams = new Streams();
    const { sink } = streams.follow();
    sink.isStuck = true;
    streams.happen(1);
    streams.clock.advance(31_000);
    expect(sink.ended).toBe('slow');
  });
});

describe('all streams', () => {
  it('are counted, and end when the spy does', () => {
    const streams = new Streams();
    const first = streams.follow();
    const second = streams.follow(undefined, 'events');
    first.stream.closed();
    first.stream.closed();
    expect(streams.counts).toEqual([1, 2, 1]);
    streams.hub.stop();
    expect([first.sink.ended, second.sink.ended]).toEqual([undefined, 'stopping']);
    second.stream.closed();
    expect(streams.hub.open).toBe(0);
  });

  it('turn each change into JSON once', () => {
    const streams = new Streams();
    let read = 0;
    for (let i = 0; i < 5; i++) streams.follow(undefined, i < 3 ? 'ndjson' : 'websocket');
    const toJSON = (): object => {
      read++;
      return {};
    };
    streams.log.append([{ kind: 'voted', toJSON } as unknown as Unnumbered], []);
    expect(read).toBe(1);
  });
});
