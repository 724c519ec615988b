/** Traffic and the store for Prometheus: who sends what to whom, and whether what is known gets written. */
import { EGRESS_NAMES } from '../node/outbox.ts';
import type { StoreReport } from '../node/store-keeper.ts';
import type { Regions } from '../shm/regions.ts';
import {
  classCell,
  Direction,
  KIND_CELLS,
  KindCell,
  PEER_CLASS_NAMES,
  SERVED_CELLS,
  ServedCell,
} from '../shm/traffic-cells.ts';
import { KIND_COUNT, KIND_NAMES } from '../wire/limits.ts';
import { type Labels, labelName, type MetricsText, type Sample } from './metrics-text.ts';
import { RECEIVED_NAMES } from './traffic.ts';

/** Ways in which values come and go, and where they are counted; their bytes lie behind. */
const WAYS: readonly (readonly [way: string, cell: number])[] = [
  ['pushed', KindCell.PUSHED],
  ['pulled', KindCell.PULLED],
  ['relayed', KindCell.RELAYED],
];

/** What became of values that came; bytes are counted of the first two. */
const FATES: readonly (readonly [fate: string, cell: number])[] = [
  ['fresh', KindCell.FRESH],
  ['copy', KindCell.COPIES],
  ['outdated', KindCell.OUTDATED],
  ['refused', KindCell.REFUSED],
];

/** Adds what is counted of datagrams by class of peer, and of values by kind: 300 series at most. */
export function addTraffic(text: MetricsText, regions: Regions): void {
  addClasses(text, regions);
  addKinds(text, regions);
}

function addClasses(text: MetricsText, { traffic }: Regions): void {
  const datagrams: Sample[] = [];
  const bytes: Sample[] = [];
  const ways = [
    ['in', Direction.IN, RECEIVED_NAMES],
    ['out', Direction.OUT, EGRESS_NAMES],
  ] as const;
  for (const [i, peerClass] of PEER_CLASS_NAMES.entries()) {
    for (const [direction, way, sorts] of ways) {
      for (const [sort, name] of sorts.entries()) {
        const labels: Labels = { peer: peerClass, direction, sort: labelName(name) };
        const at = classCell(i, way, sort);
        datagrams.push([labels, traffic.classes[at]!]);
        bytes.push([labels, traffic.classes[at + 1]!]);
      }
    }
  }
  text.counter(
    'earshot_peer_datagrams_total',
    'Datagrams by who was at the other end, as far as the address tells, direction and sort.',
    datagrams,
  );
  text.counter('earshot_peer_bytes_total', 'Their bytes, without headers.', bytes);
}

function addKinds(text: MetricsText, { traffic }: Regions): void {
  const values: Sample[] = [];
  const bytes: Sample[] = [];
  const fates: Sample[] = [];
  for (let kind = 0; kind < KIND_COUNT; kind++) {
    const name = KIND_NAMES[kind];
    const cells = traffic.kinds.subarray(kind * KIND_CELLS, (kind + 1) * KIND_CELLS);
    const hasTraffic = cells.some((count) => count > 0);
    if (!name || (!hasTraffic && name.startsWith('Legacy'))) continue;
    const label = labelName(name);
    for (const [way, cell] of WAYS) {
      values.push([{ kind: label, way }, cells[cell]!]);
      bytes.push([{ kind: label, way }, cells[cell + 1]!]);
    }
    const at = kind * SERVED_CELLS;
    values.push([{ kind: label, way: 'served' }, traffic.served[at + ServedCell.VALUES]!]);
    bytes.push([{ kind: label, way: 'served' }, traffic.served[at + ServedCell.BYTES]!]);
    for (const [fate, cell] of FATES) fates.push([{ kind: label, fate }, cells[cell]!]);
  }
  text.counter(
    'earshot_kind_values_total',
    'Values by kind and way: pushed to us, pulled by us, relayed by us to each peer, served to who asked.',
    values,
  );
  text.counter('earshot_kind_bytes_total', 'Their bytes, signatures included.', bytes);
  text.counter(
    'earshot_kind_received_total',
    'Values that were pushed to us or pulled by us, by kind and by what became of them.',
    fates,
  );
}

/** Adds how the store goes. */
export function addStore(text: MetricsText, store: StoreReport): void {
  text.counter('earshot_store_saved_total', 'Generations of the store written.', store.saved);
  text.counter('earshot_store_failed_total', 'Attempts to write one that failed.', store.failed);
  text.gauge(
    'earshot_store_alarm',
    'Whether the store cannot be written at the moment.',
    store.alarm === null ? 0 : 1,
  );
  text.gauge('earshot_store_bytes', 'Bytes of the generation written last.', store.bytes);
  text.gauge(
    'earshot_store_saved_timestamp_seconds',
    'When it was written, since the Unix epoch; 0 before the first.',
    (store.savedMs ?? 0) / 1000,
  );
  text.gauge(
    'earshot_store_loaded_peers',
    'Stored peers that the start began with.',
    store.loaded?.peers ?? 0,
  );
  text.gauge(
    'earshot_store_refused_peers',
    'Of these, those whose signature or contact info was of no use.',
    store.refused,
  );
}
