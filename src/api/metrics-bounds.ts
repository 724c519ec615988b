/** How often something came to a limit, for Prometheus: one family for all limits there are. */
import { listHttpBounds, listStoreBounds } from './bounds.ts';
import type { MetricsSources } from './metrics.ts';
import type { MetricsText, Sample } from './metrics-text.ts';

/** Adds all limits. Those of the node and of the store come from main, with its report. */
export function addBounds(text: MetricsText, { report, http }: MetricsSources): void {
  const samples: Sample[] = [];
  const add = (item: string, count: number): void => {
    samples.push([{ item: item.replace(/[^A-Za-z0-9]+/g, '_').toLowerCase() }, count]);
  };
  for (const [item, count] of report?.overflows ?? []) add(item, count);
  const store = report?.stats.store;
  if (store) for (const { item, count } of listStoreBounds()) add(item, count(store));
  for (const { item, count } of listHttpBounds()) add(item, count(http));
  text.counter(
    'earshot_overflows_total',
    'Times that something was refused, dropped or forgotten at a limit, by what is limited.',
    samples,
  );
}
