import type { Verdict } from '../../api/verdict.ts';
import { Outcome, type OutcomeName, outcomeMeaning } from '../../util/outcome.ts';
import { type CaptureCounts, isCapture } from '../capture/read-capture.ts';
import { counted, grouped } from './phrases.ts';

/** Counts what became of the packets, for the lines at the end. */
export class Summary {
  #accepted = 0;
  #refused = 0;
  #unselected = 0;
  readonly #messages = new Map<string, number>();
  readonly #outcomes = new Map<OutcomeName, number>();

  /** A packet that was judged; `message` is what it was, as far as that is known. */
  judged(verdict: Verdict, message: string | undefined): void {
    if (verdict.accept) {
      this.#accepted++;
      raise(this.#messages, message ?? 'other');
    } else {
      this.#refused++;
      raise(this.#outcomes, verdict.outcome);
    }
  }

  /** A packet that the filters left out. */
  unselected(): void {
    this.#unselected++;
  }

  /** The lines to print on standard error. */
  lines(counts: CaptureCounts, ports: readonly number[]): string[] {
    const judged = this.#accepted + this.#refused;
    const lines = [
      `${counted(judged, 'packet')}: ${grouped(this.#accepted)} accepted, ${grouped(this.#refused)} refused`,
    ];
    if (this.#messages.size > 0) lines.push(`  accepted: ${byCount(this.#messages)}`);
    for (const [name, count] of sorted(this.#outcomes)) {
      lines.push(`  refused:  ${name} ${grouped(count)} (${outcomeMeaning(Outcome[name])})`);
    }
    const skipped = this.#skipped(counts);
    if (skipped.length > 0) lines.push(`  skipped:  ${skipped.join(', ')}`);
    if (counts.cut > 0) {
      lines.push(`  ${counted(counts.cut, 'packet')} cut by the capture's snapshot length`);
    }
    const hint = this.#hint(counts, ports);
    return hint === undefined ? lines : [...lines, hint];
  }

  #skipped(counts: CaptureCounts): string[] {
    const reasons: [number, string][] = [
      [counts.notUdp, 'no UDP'],
      [counts.fragment, 'UDP fragment'],
      [counts.malformed, 'malformed'],
      [counts.otherLink, `link type ${counts.linkType}, which is not read`],
      [counts.otherPort, 'other port'],
      [this.#unselected, 'left out by the filters'],
    ];
    return reasons
      .filter(([count]) => count > 0)
      .map(([count, reason]) => `${grouped(count)} ${reason}`);
  }

  #hint(counts: CaptureCounts, ports: readonly number[]): string | undefined {
    if (counts.format === undefined || !isCapture(counts.format)) return undefined;
    if (counts.frames === 0) return 'The capture holds no frame at all.';
    const noGossip =
      (this.#outcomes.get('MESSAGE_UNKNOWN') ?? 0) + (this.#outcomes.get('PACKET_TOO_LONG') ?? 0);
    if (noGossip === 0 || ports.length > 0) return undefined;
    return 'Some of it is other traffic: --port keeps one port, such as --port 8001.';
  }
}

function raise<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted<Key>(counts: Map<Key, number>): [Key, number][] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function byCount(counts: Map<string, number>): string {
  return sorted(counts)
    .map(([name, count]) => `${name} ${grouped(count)}`)
    .join(', ');
}
