/**
 * Everything that is counted, for Prometheus. Counters come straight out of shared memory, so they are
 * right even while main is busy; what only main knows comes from its last report. Labels are names of ours
 * and the versions that most nodes have: strangers cannot make up series.
 */
import type { StakeReport } from '../node/stake-keeper.ts';
import { PACKAGE_VERSION } from '../node/version.ts';
import { type CounterName, counterTotal, otherCounts } from '../shm/counters.ts';
import type { Regions } from '../shm/regions.ts';
import { OUTCOME_COUNT, outcomeName, outcomeStage } from '../util/outcome.ts';
import { CLIENT_NAMES, KIND_COUNT, KIND_NAMES } from '../wire/limits.ts';
import { CHANGE_KINDS, type ChangeLog } from './changes.ts';
import type { Coverage } from './coverage.ts';
import type { LoopDelay, MainReport } from './main-report.ts';
import { addBounds } from './metrics-bounds.ts';
import { labelName, MetricsText, type Sample, topSamples } from './metrics-text.ts';
import { addStore, addTraffic } from './metrics-traffic.ts';
import type { ObserverStatus } from './observer-api.ts';

/** Versions that are named; the rest is `other`. */
const NAMED_VERSIONS = 20;

/** Counted elsewhere, so that their cells stay empty. */
const ELSEWHERE: readonly CounterName[] = [
  'DATAGRAMS_SENT',
  'BYTES_SENT',
  'SEND_FAILED',
  'KERNEL_DROPPED',
];

/** What metrics are made of. */
export interface MetricsSources {
  readonly regions: Regions;
  readonly identity: string;
  readonly shredVersion: number;
  /** ms since the Unix epoch. */
  readonly startedWallMs: number;
  /** Main's last report, none before the first. */
  readonly report: MainReport | undefined;
  readonly isReady: boolean;
  /** Nodes of the table, ourselves excepted. */
  readonly nodes: Iterable<CountedNode>;
  readonly observer: Omit<ObserverStatus, 'skipped'>;
  readonly observerLoop: LoopDelay;
  readonly changes: Pick<ChangeLog, 'latest'>;
  readonly changesByKind: ReadonlyMap<string, number>;
  readonly http: HttpMetrics;
}

/** What metrics need of a node. */
export interface CountedNode {
  readonly version: string;
  readonly client: string;
  readonly rpc: string | null;
  /** SOL; null while nobody's is known. */
  readonly stake: number | null;
}

/** What the HTTP API counts of itself. */
export interface HttpMetrics {
  readonly open: number;
  readonly streams: number;
  readonly streamsOpened: number;
  readonly gaps: number;
  readonly endedSlow: number;
  readonly refused: Readonly<Record<string, number>>;
  /** `route status` → how many. */
  readonly requests: ReadonlyMap<string, number>;
  /** Errors of JSON-RPC by code. */
  readonly rpcErrors: ReadonlyMap<number, number>;
}

/** The text that Prometheus scrapes. */
export function metricsText(sources: MetricsSources): string {
  const text = new MetricsText();
  addAbout(text, sources);
  addPackets(text, sources);
  addTraffic(text, sources.regions);
  addTable(text, sources);
  addNodes(text, sources.nodes);
  if (sources.report) addMain(text, sources.report);
  addObserver(text, sources);
  addHttp(text, sources.http);
  addBounds(text, sources);
  text.gauge(
    'earshot_metrics_refused_series',
    'Series left out because there are too many.',
    text.refused,
  );
  return text.end();
}

function addAbout(text: MetricsText, sources: MetricsSources): void {
  const { identity, shredVersion, startedWallMs, isReady, report } = sources;
  const labels = { version: PACKAGE_VERSION, identity, shred_version: String(shredVersion) };
  text.gauge('earshot_info', 'What runs here, in its labels.', [[labels, 1]]);
  text.gauge('earshot_ready', 'Whether the spy hears its cluster.', isReady ? 1 : 0);
  text.gauge(
    'process_start_time_seconds',
    'When the spy started, since the Unix epoch.',
    startedWallMs / 1000,
  );
  text.gauge(
    'process_resident_memory_bytes',
    'Memory of the process that is resident.',
    process.memoryUsage.rss(),
  );
  const { user, system } = process.cpuUsage();
  text.counter(
    'process_cpu_seconds_total',
    'Processor time of all threads.',
    (user + system) / 1e6,
  );
  if (!report) return;
  text.gauge(
    'earshot_main_report_timestamp_seconds',
    'When the main thread last told how it is doing, since the Unix epoch.',
    report.at / 1000,
  );
}

function addPackets(text: MetricsText, { regions }: MetricsSources): void {
  const { counters } = regions;
  const packets: Sample[] = [];
  const values: Sample[] = [];
  for (let i = 0; i < OUTCOME_COUNT; i++) {
    const code = i === 0 ? 0 : -i;
    const stage = outcomeStage(code);
    const sample = [
      { outcome: labelName(outcomeName(code)), stage },
      counterTotal(counters, i),
    ] as const;
    (stage === 'value' ? values : packets).push(sample);
  }
  text.counter(
    'earshot_packets_total',
    'Datagrams received by what became of each: every one is in exactly one of these.',
    packets,
  );
  text.counter(
    'earshot_values_total',
    'Values of accepted datagrams by what became of each.',
    values,
  );
  for (const [name, count] of Object.entries(otherCounts(counters))) {
    if (ELSEWHERE.includes(name as CounterName)) continue;
    text.counter(
      `earshot_${name.toLowerCase()}_total`,
      HELP[name as CounterName] ?? `${name.toLowerCase().replaceAll('_', ' ')}.`,
      count,
    );
  }
}

const HELP: Readonly<Partial<Record<CounterName, string>>> = {
  DATAGRAMS_RECEIVED: 'Datagrams received.',
  BYTES_RECEIVED: 'Bytes of datagrams received, without headers.',
  SIGNATURES_CHECKED: 'Signatures verified.',
  SIGNATURES_SAVED: 'Values that needed no check because they had been verified before.',
  VALUES_RECEIVED: 'Values in accepted pushes and pull responses.',
  VALUES_EVICTED: 'Values that left to make room.',
  VALUES_TIMED_OUT: 'Values that left because they were too old.',
  VALUES_TRIMMED: 'Values that left because there were too many origins.',
  ROWS_BUSY: 'Rows that could not be read because they were being written.',
  SHARDS_ABANDONED: 'Lists of the table that changed while they were walked.',
  JOURNAL_LOST: 'Entries of the journal that the observer was too slow for.',
  INVARIANTS_VIOLATED: 'Samples in which the table was not as it must be.',
  TASKS_FAILED: 'Tasks of other threads that failed.',
  PRUNES_OBEYED: 'Prunes of others that changed to whom we push.',
  ROUTES_PRUNED: 'Pairs of peer and origin that prunes ended.',
  PULL_ROUNDS_SKIPPED: 'Rounds of pull requests that were left out.',
  SIGNATURES_BY_TABLE: 'Signatures verified by a table of their key.',
  KEY_TABLES_BUILT: 'Tables built for keys that recur.',
  SIGNATURES_AUDITED: 'Verdicts on signatures that were checked again.',
  AUDIT_DISAGREEMENTS: 'Of these, those that were wrong.',
  THREADS_WITHOUT_TABLES: 'Threads that verify without tables of keys.',
};

function addTable(text: MetricsText, { regions, observer }: MetricsSources): void {
  const byKind: Sample[] = [];
  for (let kind = 0; kind < KIND_COUNT; kind++) {
    const name = KIND_NAMES[kind];
    const count = regions.table.kindCount[kind]!;
    if (name && (count > 0 || !name.startsWith('Legacy'))) {
      byKind.push([{ kind: labelName(name) }, count]);
    }
  }
  text.gauge('earshot_table_values', 'Values in the table by kind.', byKind);
  text.gauge(
    'earshot_table_capacity_values',
    'Values that the table has room for.',
    regions.capacities.tableRows,
  );
  text.gauge('earshot_table_origins', 'Origins that have a value in the table.', observer.nodes);
}

function addNodes(text: MetricsText, nodes: Iterable<CountedNode>): void {
  const versions = new Map<string, number>();
  const clients = new Map<string, number>(CLIENT_NAMES.map((name) => [name, 0]));
  const stakes = new Map<string, number>();
  let stake = 0;
  let count = 0;
  let rpc = 0;
  let hasStakes = false;
  for (const node of nodes) {
    count += 1;
    add(versions, node.version, 1);
    add(clients, clients.has(node.client) ? node.client : 'other', 1);
    if (node.rpc !== null) rpc += 1;
    if (node.stake === null) continue;
    hasStakes = true;
    stake += node.stake;
    if (node.stake > 0) add(stakes, node.version, node.stake);
  }
  text.gauge('earshot_nodes', 'Nodes whose address has answered.', count);
  text.gauge('earshot_nodes_with_rpc', 'Of these, nodes with a public RPC address.', rpc);
  text.gauge(
    'earshot_nodes_by_version',
    `Nodes by version: the ${NAMED_VERSIONS} that most nodes have.`,
    topSamples('version', versions, NAMED_VERSIONS),
  );
  text.gauge(
    'earshot_nodes_by_client',
    'Nodes by client.',
    [...clients].map(([client, number]) => [{ client }, number]),
  );
  if (!hasStakes) return;
  text.gauge('earshot_stake_sol', 'Stake of all nodes, in SOL.', stake);
  text.gauge(
    'earshot_stake_by_version_sol',
    `Stake by version, in SOL: the ${NAMED_VERSIONS} with most of it.`,
    topSamples('version', stakes, NAMED_VERSIONS),
  );
}

function add(counts: Map<string, number>, key: string, step: number): void {
  counts.set(key, (counts.get(key) ?? 0) + step);
}

function addMain(text: MetricsText, { stats, loop, coverage }: MainReport): void {
  const byClass = (counts: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(counts).map(([name, count]) => [{ class: labelName(name) }, count]);
  text.counter(
    'earshot_kernel_dropped_total',
    'Datagrams that the kernel dropped because we did not read in time.',
    stats.datagrams.kernelDropped,
  );
  text.counter('earshot_datagrams_sent_total', 'Datagrams sent by class.', byClass(stats.sent));
  text.counter('earshot_bytes_sent_total', 'Bytes sent, headers included.', stats.sentBytes);
  text.counter(
    'earshot_datagrams_not_sent_total',
    'Datagrams that found no place in the queue, by class.',
    byClass(stats.notSent),
  );
  text.counter(
    'earshot_send_failed_total',
    'Datagrams sent that the system refused: no route, no buffer, forbidden.',
    stats.sendFailed,
  );
  text.gauge(
    'earshot_nodes_unproved',
    'Nodes whose address has not answered yet.',
    stats.nodes.unproved,
  );
  text.gauge('earshot_active_set_peers', 'Peers that values are pushed to.', stats.nodes.activeSet);
  text.counter('earshot_proofs_total', 'Answers that proved an address.', stats.nodes.proofs);
  text.gauge(
    'earshot_pull_requests_waiting',
    'Pull requests that wait to be served.',
    stats.tasks.requestsWaiting,
  );
  text.gauge(
    'earshot_clock_skewed',
    'Whether most others live at another time than we do.',
    stats.clock.isSkewed ? 1 : 0,
  );
  text.counter('earshot_clock_jumps_total', "Jumps of the machine's clock.", stats.clock.jumps);
  text.gauge(
    'earshot_cut_off',
    'Whether nobody has been heard for 20 s.',
    stats.hearing.isCutOff ? 1 : 0,
  );
  text.counter(
    'earshot_cut_offs_total',
    'Times that nobody was heard for 20 s.',
    stats.hearing.cutOffs,
  );
  addDelays(text, 'main', loop);
  if (coverage) addCoverage(text, coverage);
  if (stats.store) addStore(text, stats.store);
  if (stats.stakes) addStakes(text, stats.stakes);
}

function addStakes(text: MetricsText, stakes: StakeReport): void {
  text.gauge('earshot_stake_known_nodes', 'Nodes whose stake the source knows.', stakes.nodes);
  text.counter('earshot_stake_loads_total', 'Times that stakes were loaded.', stakes.loads);
  text.counter(
    'earshot_stake_failures_total',
    'Times that stakes could not be loaded, by reason.',
    Object.entries(stakes.failures).map(([code, n]) => [{ reason: labelName(code) }, n]),
  );
}

function addCoverage(text: MetricsText, coverage: Coverage): void {
  const { nodes, low, high, known } = coverage;
  text.gauge('earshot_coverage_nodes', 'How many nodes there are in all, by samples.', nodes);
  text.gauge('earshot_coverage_low_nodes', 'At least so many, with 95 % confidence.', low);
  text.gauge('earshot_coverage_high_nodes', 'At most so many, with 95 % confidence.', high);
  text.gauge('earshot_coverage_ratio', 'The part of them that we know.', known / nodes);
}

/** How late a loop is. */
function addDelays(text: MetricsText, thread: 'main' | 'observer', loop: LoopDelay): void {
  const words = `of how late the event loop of the ${thread} thread was since the last look.`;
  const name = `earshot_${thread}_loop_delay`;
  text.gauge(`${name}_p50_seconds`, `Median ${words}`, loop.p50Ms / 1000);
  text.gauge(`${name}_p99_seconds`, `99th percentile ${words}`, loop.p99Ms / 1000);
  text.gauge(`${name}_max_seconds`, `Most ${words}`, loop.maxMs / 1000);
}

function addObserver(text: MetricsText, sources: MetricsSources): void {
  const { observer, observerLoop, changes, changesByKind } = sources;
  text.counter(
    'earshot_observer_followed_total',
    'Entries of the journal that the observer read.',
    observer.followed,
  );
  text.counter(
    'earshot_observer_resyncs_total',
    'Walks over the table because entries were missed.',
    observer.resyncs,
  );
  const lag = 'of the time from a value coming in to the observer seeing it.';
  text.gauge('earshot_observer_lag_p50_seconds', `Median ${lag}`, observer.lagP50Ms / 1000);
  text.gauge(
    'earshot_observer_lag_p99_seconds',
    `99th percentile ${lag}`,
    observer.lagP99Ms / 1000,
  );
  addDelays(text, 'observer', observerLoop);
  text.counter(
    'earshot_changes_total',
    'Changes of nodes by kind.',
    CHANGE_KINDS.map((kind) => [{ kind: labelName(kind) }, changesByKind.get(kind) ?? 0]),
  );
  text.gauge('earshot_change_sequence', 'Number of the newest change.', changes.latest);
}

function addHttp(text: MetricsText, http: HttpMetrics): void {
  text.gauge('earshot_http_connections', 'Open connections.', http.open);
  text.counter(
    'earshot_http_refused_total',
    'Connections refused or ended by us, by reason.',
    Object.entries(http.refused).map(([reason, n]) => [{ reason: labelName(reason) }, n]),
  );
  text.counter(
    'earshot_http_requests_total',
    'Answered requests by route and status.',
    [...http.requests].map(([key, n]) => {
      const at = key.lastIndexOf(' ');
      return [{ route: key.slice(0, at), status: key.slice(at + 1) }, n];
    }),
  );
  text.counter(
    'earshot_http_rpc_errors_total',
    'Errors that JSON-RPC answered with, by code.',
    [...http.rpcErrors].map(([code, n]) => [{ code: String(code) }, n]),
  );
  text.gauge('earshot_http_streams', 'Open streams of changes.', http.streams);
  text.counter('earshot_http_streams_opened_total', 'Streams opened.', http.streamsOpened);
  text.counter(
    'earshot_http_streams_slow_total',
    'Streams ended because their reader took nothing.',
    http.endedSlow,
  );
  text.counter(
    'earshot_http_gaps_total',
    'Pictures of all nodes sent to readers that had missed too much.',
    http.gaps,
  );
}
