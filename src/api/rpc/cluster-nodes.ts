/**
 * `getClusterNodes` as validators answer it: the same fields, the same nulls, in the same order, which is
 * that of the alphabet. The JSON of a node is kept until it says something else, and so is the whole.
 *
 * @source agave rpc/src/rpc.rs, get_cluster_nodes; rpc-client-types/src/response.rs, RpcContactInfo
 */
import type { RowCopy, TableView } from '../../crds/view.ts';
import { formatAddress, isReachable } from '../../util/ipv4.ts';
import { ContactInfoFields, readContactInfo } from '../../wire/contact-info.ts';
import { versionText } from '../../wire/decode-value.ts';
import { CLIENT_NAMES, SOCKET_NAMES } from '../../wire/limits.ts';
import { ContactCache } from '../contact-cache.ts';
import type { TableMirror } from '../mirror.ts';

const socket = (name: (typeof SOCKET_NAMES)[number]): number => SOCKET_NAMES.indexOf(name);
const GOSSIP = socket('gossip');
const PUBSUB = socket('rpcPubsub');
const RPC = socket('rpc');
const SERVE_REPAIR = socket('serveRepair');
const TPU_FORWARDS_QUIC = socket('tpuForwardsQuic');
const TPU_QUIC = socket('tpuQuic');
const TPU_VOTE = socket('tpuVote');
const TVU = socket('tvu');

/** @owner the observer's thread */
export class ClusterNodes {
  readonly #cache: ContactCache<string>;
  readonly #allowPrivate: boolean;
  readonly #fields = new ContactInfoFields();
  #json: string | undefined;

  /** @param allowPrivate whether the cluster lives on private or loopback addresses */
  constructor(view: TableView, mirror: TableMirror, allowPrivate: boolean) {
    this.#allowPrivate = allowPrivate;
    this.#cache = new ContactCache(view, mirror, (copy, pubkey) => this.#node(copy, pubkey));
  }

  /** The array of all nodes with a gossip address, ourselves included, as JSON. */
  json(): string {
    const isOther = this.#cache.refresh();
    if (isOther || this.#json === undefined) {
      const nodes: string[] = [];
      for (const { value } of this.#cache.contacts.values()) if (value !== '') nodes.push(value);
      this.#json = `[${nodes.join(',')}]`;
    }
    return this.#json;
  }

  /** The JSON of one node; empty for one without a gossip address, which validators leave out. */
  node(pubkey: string): string {
    return this.#cache.get(pubkey)?.value ?? '';
  }

  #node({ bytes, length }: RowCopy, pubkey: string): string {
    const f = this.#fields;
    readContactInfo(bytes, 0, length, f);
    const gossip = this.#address(GOSSIP);
    if (gossip === 'null') return '';
    const client = CLIENT_NAMES[f.client] ?? `Unknown(${f.client})`;
    const version = versionText(f.major, f.minor, f.channel, f.patch);
    // Validators of 4.4 say null for the UDP ports of the TPU, whatever is advertised.
    return (
      `{"clientId":"${client}","featureSet":${f.featureSet},"gossip":${gossip},` +
      `"pubkey":"${pubkey}","pubsub":${this.#address(PUBSUB)},"rpc":${this.#address(RPC)},` +
      `"serveRepair":${this.#address(SERVE_REPAIR)},"shredVersion":${f.shredVersion},` +
      `"tpu":null,"tpuForwards":null,"tpuForwardsQuic":${this.#address(TPU_FORWARDS_QUIC)},` +
      `"tpuQuic":${this.#address(TPU_QUIC)},"tpuVote":${this.#address(TPU_VOTE)},` +
      `"tvu":${this.#address(TVU)},"version":"${version}"}`
    );
  }

  #address(key: number): string {
    const ip = this.#fields.socketIp[key]!;
    const port = this.#fields.socketPort[key]!;
    return isReachable(ip, port, this.#allowPrivate) ? `"${formatAddress(ip, port)}"` : 'null';
  }
}
