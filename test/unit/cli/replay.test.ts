import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { verdict } from '../../../src/api/verdict.ts';
import { createCaptureCounts } from '../../../src/cli/capture/read-capture.ts';
import { prepare } from '../../../src/cli/replay/preparation.ts';
import { Resigner } from '../../../src/cli/replay/resigner.ts';
import { dueCounter, readSchedule, type Schedule } from '../../../src/cli/replay/schedule.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { fromHex, toHex } from '../../../src/util/bytes.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { decodePacket } from '../../../src/wire/decode.ts';
import type { DecodedMessage, DecodedValue } from '../../../src/wire/decoded.ts';
import { ethernet, ipv4, pcap, udp } from './frames.ts';

const verifier = createVerifier('sodium');
const fixture = (name: string): Buffer =>
  gunzipSync(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));

interface Recorded {
  readonly hex: string;
  readonly accept: boolean;
}
/** Packets of every message and kind, judged by validator code. */
const recorded = fixture('packets.jsonl.gz')
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)
  .map(({ hex, accept }) => ({ accept, bytes: fromHex(hex) ?? new Uint8Array(0) }));
const accepted = recorded.filter(({ accept }) => accept).map(({ bytes }) => bytes);
const refused = recorded.filter(({ accept }) => !accept).map(({ bytes }) => bytes);

function decoded(bytes: Uint8Array): DecodedMessage {
  const { message } = decodePacket(bytes);
  return message ?? expect.fail('does not decode');
}

const valuesOf = (message: DecodedMessage): DecodedValue[] =>
  'values' in message ? message.values : [];

describe('packets signed anew', () => {
  it('are accepted by validators, all of them', () => {
    const resigner = new Resigner(verifier);
    let count = 0;
    for (const bytes of accepted) {
      const signed = resigner.packet(bytes, 1_000_000);
      if (!signed) continue; // a clock at the limit cannot move
      count++;
      expect(verdict(signed, verifier).outcome, toHex(bytes)).toBe('OK');
      expect(decoded(signed).message).toBe(decoded(bytes).message);
    }
    expect(count).toBe(accepted.length);
    expect(resigner.identities).toBeGreaterThan(10);
  });

  it('say what they said, but for who, when and where', () => {
    const resigner = new Resigner(verifier);
    const own = ['from', 'wallclock', 'signature', 'addresses', 'sockets', 'offset', 'length'];
    const rest = (value: DecodedValue): string =>
      JSON.stringify(value, (key, part: unknown) => (own.includes(key) ? undefined : part));
    const kinds = new Set<string>();
    for (const bytes of accepted.filter((_, i) => i % 3 === 0)) {
      const before = valuesOf(decoded(bytes));
      const after = valuesOf(decoded(resigner.packet(bytes, 777) ?? bytes));
      expect(after.length).toBe(before.length);
      for (const [i, value] of before.entries()) {
        const anew = after[i]!;
        if (!value.canonical) continue;
        kinds.add(value.kind);
        expect(rest(anew), toHex(bytes)).toBe(rest(value));
        expect(anew.from).toBe(resigner.identityOf(value.from).address);
        expect(anew.signature).not.toBe(value.signature);
        if (Number(value.wallclock) < 1e15 - 777) {
          expect(Number(anew.wallclock)).toBe(Number(value.wallclock) + 777);
        }
        if (anew.kind !== 'ContactInfo' || value.kind !== 'ContactInfo') continue;
        expect(anew.sockets.map(({ key, port }) => [key, port])).toEqual(
          value.sockets.map(({ key, port }) => [key, port]),
        );
        for (const { ip } of anew.sockets) expect(ip).toMatch(/^127\./);
      }
    }
    expect([...kinds].sort()).toEqual([
      'ContactInfo',
      'EpochSlots',
      'LowestSlot',
      'RestartHeaviestFork',
      'RestartLastVotedForkSlots',
      'SnapshotHashes',
      'Vote',
    ]);
  });

  it('are the same for the same packet: substitutes do not depend on the order', () => {
    const forwards = new Resigner(verifier);
    const backwards = new Resigner(verifier);
    const votes = accepted
      .filter((bytes) => valuesOf(decoded(bytes)).every(({ kind }) => kind !== 'ContactInfo'))
      .slice(0, 40);
    const one = votes.map((bytes) => toHex(forwards.packet(bytes, 5)!));
    const other = votes.toReversed().map((bytes) => toHex(backwards.packet(bytes, 5)!));
    expect(other.reverse()).toEqual(one);
  });

  it('keep copies of a value copies, whatever the clocks of their packets', () => {
    const resigner = new Resigner(verifier);
    const push = accepted.find((bytes) => decoded(bytes).message === 'PushMessage')!;
    const first = resigner.packet(push, 100);
    expect(toHex(resigner.packet(push, 9_999)!)).toBe(toHex(first!));
    expect(resigner.values).toBe(valuesOf(decoded(push)).length);
  });

  it('leave refused packets alone', () => {
    const resigner = new Resigner(verifier);
    for (const bytes of refused.slice(0, 300)) {
      expect(resigner.packet(bytes, 5), toHex(bytes)).toBeUndefined();
    }
    expect(resigner.identities).toBe(0);
  });
});

const capture = (times: readonly number[], payloads = accepted): Uint8Array =>
  pcap(
    times.map((ms, i) => ({
      bytes: ethernet(ipv4(udp(payloads[i]!))),
      seconds: Math.floor(ms / 1000),
      fraction: (ms % 1000) * 1000,
    })),
  );

const START = 1_700_000_000_000;

describe('a schedule', () => {
  const times = [START, START + 250, START + 200, START + 1_000];
  const cases = [
    { name: 'as captured, nothing before what came before', options: {}, due: [0, 250, 250, 1000] },
    { name: 'twice as fast', options: { speed: 2 }, due: [0, 125, 125, 500] },
    { name: 'evenly', options: { rate: 100 }, due: [0, 10, 20, 30] },
    { name: 'the first two', options: { packets: 2 }, due: [0, 250] },
    { name: 'to a port that is right', options: { ports: [8000] }, due: [0, 250, 250, 1000] },
    { name: 'to no such port', options: { ports: [7] }, due: [] },
  ];
  for (const { name, options, due } of cases) {
    it(name, async () => {
      const schedule = await readSchedule(capture(times), options, createCaptureCounts());
      expect([...schedule.dueMs]).toEqual(due);
      expect(schedule.payloads.length).toBe(due.length);
    });
  }

  it('has a rate where the input has no times, and no speed', async () => {
    const hex = Buffer.from(
      accepted
        .slice(0, 3)
        .map((bytes) => toHex(bytes))
        .join('\n'),
    );
    const schedule = await readSchedule(hex, {}, createCaptureCounts());
    expect([...schedule.dueMs]).toEqual([0, 1, 2]);
    await expect(readSchedule(hex, { speed: 1 }, createCaptureCounts())).rejects.toMatchObject({
      code: 'NO_TIMES',
    });
  });

  it('counts what is due', () => {
    const due = dueCounter(Float64Array.of(0, 5, 5, 9));
    expect([0, 4.9, 5, 8, 100].map(due)).toEqual([1, 1, 3, 3, 4]);
  });
});

describe('the preparation of a replay', () => {
  const pushes = accepted.filter((bytes) => {
    const values = valuesOf(decoded(bytes));
    return decoded(bytes).message === 'PushMessage' && values.length > 0;
  });
  const clocks = (payloads: readonly Uint8Array[]): number[] =>
    payloads.map((bytes) => Number(valuesOf(decoded(bytes))[0]?.wallclock));

  it('makes each value as old on arrival as it was when it was captured', async () => {
    const [first = 0] = clocks(pushes);
    const times = [first + 40, first + 900];
    const two = [pushes[0]!, pushes.find((bytes) => toHex(bytes) !== toHex(pushes[0]!))!];
    const ages = clocks(two).map((ms, i) => times[i]! - ms);
    const schedule = await readSchedule(capture(times, two), { speed: 4 }, createCaptureCounts());
    const clock = new ManualClock(first + 1e9);
    const { payloads, startMs, signed } = await work(schedule, clock);
    expect(signed).toBe(2);
    const arrivals = [...schedule.dueMs].map((ms) => startMs + ms);
    expect(clocks(payloads).map((ms, i) => Math.round(arrivals[i]! - ms))).toEqual(ages);
    expect(startMs).toBeGreaterThanOrEqual(first + 1e9);
  });

  it('makes the newest value one of now where the input has no times', async () => {
    const hex = Buffer.from(
      pushes
        .slice(0, 5)
        .map((bytes) => toHex(bytes))
        .join('\n'),
    );
    const schedule = await readSchedule(hex, { rate: 1e6 }, createCaptureCounts());
    const clock = new ManualClock(2e12);
    const { payloads, startMs } = await work(schedule, clock);
    const all = payloads.flatMap((bytes) => valuesOf(decoded(bytes)));
    const newest = Math.max(...all.map(({ wallclock }) => Number(wallclock)));
    expect(Math.abs(newest - startMs)).toBeLessThanOrEqual(1);
  });

  it('ends when it is told to', async () => {
    const hex = Buffer.from(
      pushes
        .slice(0, 5)
        .map((bytes) => toHex(bytes))
        .join('\n'),
    );
    const schedule = await readSchedule(hex, {}, createCaptureCounts());
    const { payloads } = await work(schedule, new ManualClock(), () => true);
    expect(payloads.length).toBe(1);
  });

  async function work(schedule: Schedule, clock: ManualClock, stop = () => false) {
    const prepared = prepare(schedule, new Resigner(verifier), clock, stop);
    clock.advance(1);
    return prepared;
  }
});
