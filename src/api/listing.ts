import type { TableView } from '../crds/view.ts';
import { LAMPORTS_PER_SOL } from '../gossip/policy.ts';
import type { SpyNode } from '../node/spy.ts';
import { fromBase58, toBase58 } from '../util/base58.ts';
import { compareBytes, equalBytes } from '../util/bytes.ts';
import { isReachable } from '../util/ipv4.ts';
import { ContactInfoFields, readContactInfo } from '../wire/contact-info.ts';
import { decodeValue } from '../wire/decode.ts';
import { KIND_NAMES, Kind, PUBKEY_BYTES, SOCKET_NAMES } from '../wire/limits.ts';
import { MainEvidence } from './life-evidence.ts';
import { judgeLiveness, type LivenessEvidence } from './liveness.ts';
import { type NodeInfo, nodeInfo, type Sighting } from './nodes.ts';
import { describeValue, type ValueJson } from './value-json.ts';

/** Where the origin's key lies in a contact info: behind signature and kind. @source wire 4.6 */
const ORIGIN_AT = 68;

const TVU = SOCKET_NAMES.indexOf('tvu');

/** A glance at the table, cheap enough for a progress line. */
export interface SpySummary {
  /** Nodes whose address answered, without ourselves. */
  proved: number;
  /** Nodes whose address has not answered yet. */
  unproved: number;
  /** Proved nodes with a TVU address that may be talked to. @source behaviour 15.2 */
  validators: number;
  /** Values in the table. */
  values: number;
}

/** Counts what `listNodes` would list. */
export function summarize(node: SpyNode): SpySummary {
  const { view, unproved, identity, options } = node.parts;
  const fields = new ContactInfoFields();
  const summary = { proved: 0, unproved: 0, validators: 0, values: view.size };
  for (const row of contactRows(view)) {
    const at = view.columns.place[row]!;
    if (isOwn(view, row, identity.publicKey)) continue;
    summary.proved++;
    readContactInfo(view.columns.bytes, at, at + view.columns.length[row]!, fields);
    if (isReachable(fields.socketIp[TVU]!, fields.socketPort[TVU]!, options.allowPrivate)) {
      summary.validators++;
    }
  }
  for (const contact of unproved.values()) {
    if (view.find(Kind.CONTACT_INFO, 0, contact.bytes, ORIGIN_AT) < 0) summary.unproved++;
  }
  return summary;
}

/**
 * Every node we hold a signed contact info of, without ourselves: those in the table, and those whose
 * address has not answered our ping (`proved: false`).
 *
 * @units startedMs: monotonic time of our start
 */
export function listNodes(node: SpyNode, startedMs: number): NodeInfo[] {
  const { view, unproved, identity } = node.parts;
  const nodes: NodeInfo[] = [];
  const life = new MainEvidence(node.parts);
  const add = (
    bytes: Uint8Array,
    at: number,
    end: number,
    proved: boolean,
    evidence: LivenessEvidence | undefined,
  ): void => {
    const { value } = decodeValue(bytes, at, end);
    if (value?.kind !== 'ContactInfo' || !evidence) return;
    const found = sighting(node, bytes, at + ORIGIN_AT, startedMs);
    nodes.push(nodeInfo(value, { proved, liveness: judgeLiveness(evidence), ...found }));
  };
  for (const row of contactRows(view)) {
    if (isOwn(view, row, identity.publicKey)) continue;
    const at = view.columns.place[row]!;
    const evidence = life.ofPeer(view.columns.peer[row]!);
    add(view.columns.bytes, at, at + view.columns.length[row]!, true, evidence);
  }
  for (const contact of unproved.values()) {
    if (view.find(Kind.CONTACT_INFO, 0, contact.bytes, ORIGIN_AT) >= 0) continue;
    add(contact.bytes, 0, contact.bytes.length, false, life.ofUnproved(contact));
  }
  return nodes;
}

/** Whether the table has a contact info of a key in base58. */
export function holdsNode(node: SpyNode, pubkey: string): boolean {
  const key = fromBase58(pubkey);
  return key !== undefined && node.parts.view.find(Kind.CONTACT_INFO, 0, key, 0) >= 0;
}

/** Every value of the table, ordered by origin, kind and index, in the form of a verdict's values. */
export function* dumpValues(node: SpyNode): Generator<ValueJson> {
  const { view } = node.parts;
  const { columns } = view;
  const rows: number[] = [];
  for (let row = 0; row < view.highWater; row++) if (columns.length[row] !== 0) rows.push(row);
  const keys = view.peers.columns.pubkey;
  rows.sort(
    (a, b) =>
      compareBytes(keys, view.originOffset(a), keys, view.originOffset(b), PUBKEY_BYTES) ||
      columns.kind[a]! - columns.kind[b]! ||
      columns.index[a]! - columns.index[b]!,
  );
  for (const row of rows) {
    const at = columns.place[row]!;
    const value = describeValue(columns.bytes, at, at + columns.length[row]!, { bytes: true });
    if (value) yield value;
  }
}

/** A value that came in, without its content. */
export interface Arrival {
  /** Counts insertions and replacements: where to go on next time is behind the last one. */
  ordinal: number;
  kind: (typeof KIND_NAMES)[number];
  index: number;
  from: string;
  wallclock: number;
}

/** The values of some kind that came in or were replaced since an ordinal, in order. */
export function* arrivalsSince(node: SpyNode, ordinal: number, wanted: number): Generator<Arrival> {
  const { view } = node.parts;
  const { columns } = view;
  const keys = view.peers.columns.pubkey;
  for (let row = view.firstSince(ordinal); row >= 0; row = view.order.next(row)) {
    const kind = columns.kind[row]!;
    if (kind !== wanted) continue;
    const originAt = view.originOffset(row);
    yield {
      ordinal: columns.ordinal[row]!,
      kind: KIND_NAMES[kind] ?? 'Vote',
      index: columns.index[row]!,
      from: toBase58(keys, originAt, originAt + PUBKEY_BYTES),
      wallclock: columns.wallclock[row]!,
    };
  }
}

function* contactRows(view: TableView): Generator<number> {
  for (let row = view.kinds.first(Kind.CONTACT_INFO); row >= 0; row = view.kinds.next(row)) {
    yield row;
  }
}

function isOwn(view: TableView, row: number, ownKey: Uint8Array): boolean {
  const keys = view.peers.columns.pubkey;
  return equalBytes(keys, view.originOffset(row), ownKey, 0, PUBKEY_BYTES);
}

function sighting(
  node: SpyNode,
  bytes: Uint8Array,
  originAt: number,
  startedMs: number,
): Omit<Sighting, 'proved' | 'liveness'> {
  const { sightings, table } = node.parts;
  const times = sightings.of(bytes, originAt);
  const since = (ms: number | undefined): number =>
    Math.max(0, Math.round((ms ?? startedMs) - startedMs));
  const { stakes } = table;
  const stake = stakes.anyPositive ? stakes.get(bytes, originAt) / LAMPORTS_PER_SOL : null;
  return { stake, firstSeenMs: since(times?.firstMs), lastSeenMs: since(times?.lastMs) };
}
