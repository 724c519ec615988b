/**
 * Writes Prometheus's text format. What is counted here lives in shared memory already, so there is
 * nothing for a registry of metrics to hold.
 *
 * @source https://prometheus.io/docs/instrumenting/exposition_formats, text format 0.0.4
 */

/** Most series in an answer; what comes after is left out and counted. @source reliability 5 */
export const MAX_SERIES = 2_000;

/** Labels of a series: names are ours, values are escaped. */
export type Labels = Readonly<Record<string, string>>;

/** One value with its labels. */
export type Sample = readonly [labels: Labels, value: number];

/** A text in the making. */
export class MetricsText {
  /** Series that had no room. */
  refused = 0;
  #series = 0;
  #text = '';

  /** Adds a counter: a number that only grows until the process ends. @param name ends in `_total` */
  counter(name: string, help: string, samples: readonly Sample[] | number): void {
    this.#family(name, 'counter', help, samples);
  }

  /** Adds a gauge: a number that goes up and down. */
  gauge(name: string, help: string, samples: readonly Sample[] | number): void {
    this.#family(name, 'gauge', help, samples);
  }

  /** The text. */
  end(): string {
    return this.#text;
  }

  #family(name: string, type: string, help: string, samples: readonly Sample[] | number): void {
    const all: readonly Sample[] = typeof samples === 'number' ? [[{}, samples]] : samples;
    if (all.length === 0) return;
    this.#text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`;
    this.#text += `# TYPE ${name} ${type}\n`;
    for (const [labels, value] of all) {
      if (this.#series >= MAX_SERIES) {
        this.refused += 1;
        continue;
      }
      this.#series += 1;
      this.#text += `${name}${labelText(labels)} ${Number.isNaN(value) ? 'NaN' : value}\n`;
    }
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** `SHED_RING_FULL` as a label: `shed_ring_full`; `pullRequest` likewise: `pull_request`. */
export const labelName = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

/** The largest few by name, and the sum of all others as `other`: labels that strangers cannot multiply. */
export function topSamples(
  label: string,
  counts: ReadonlyMap<string, number>,
  most: number,
): Sample[] {
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const samples: Sample[] = sorted.slice(0, most).map(([name, n]) => [{ [label]: name }, n]);
  const rest = sorted.slice(most).reduce((sum, [, n]) => sum + n, 0);
  return [...samples, [{ [label]: 'other' }, rest]];
}
