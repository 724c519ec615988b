/** The live view where nobody looks at a screen: lines that can be read, kept and cut. */
import { anatomy } from '../../api/anatomy.ts';
import type { ChangeEvent } from '../../api/change-reader.ts';
import { describeEvent } from './events.ts';
import type { WatchSample } from './state.ts';

const stamp = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}Z`;

/** What happened to a node: `2026-11-21T12:00:00Z + KEY joined 192.0.2.1:8001 4.4.0 Agave`. */
export function changeLine(change: ChangeEvent): string | undefined {
  const event = describeEvent(change);
  if (!event) return undefined;
  const { atMs, sign, pubkey, text } = event;
  const words = text.replaceAll(/ +/g, ' ');
  return [stamp(atMs), sign, ...(pubkey === undefined ? [] : [pubkey]), words].join(' ');
}

/** How things stand: names and figures, rates over the time since the sample before. */
export function sampleLine(now: WatchSample, before: WatchSample | undefined): string {
  const { summary, stats, coverage } = now;
  const { values, total } = anatomy(stats.traffic, before?.stats.traffic);
  const { kernelDropped, shed } = stats.datagrams;
  const unsent = Object.values(stats.notSent).reduce((sum, n) => sum + n, 0);
  const figures: [string, number | string][] = [
    ['nodes', summary.proved + summary.unproved],
    ['proved', summary.proved],
    ['validators', summary.validators],
    ...(coverage
      ? ([['estimated', `${coverage.low}..${coverage.high}`]] as [string, string][])
      : []),
    ['values', summary.values],
    ['heard/s', values.values.toFixed(1)],
    ['new/s', values.fresh.toFixed(1)],
    ['in_bytes/s', Math.round(total.in)],
    ['out_bytes/s', Math.round(total.out)],
    ['kernel_drops', kernelDropped],
    ['shed', shed],
    ['unsent', unsent],
  ];
  return `${stamp(now.wallMs)} = ${figures.map(([name, figure]) => `${name}=${figure}`).join(' ')}`;
}
