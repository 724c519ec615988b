import type { TableView } from '../crds/view.ts';
import { LifeSign } from '../shm/layout.ts';
import { toBase58 } from '../util/base58.ts';
import { PUBKEY_BYTES } from '../wire/limits.ts';
import type { NodeTracker } from './node-tracker.ts';
import { OWN } from './via.ts';

/** How often the peers are looked through; 16,384 take some 50 µs. */
const LOOK_MS = 1_000;

/** Finds keys that a second instance uses: main notes it beside the peer when it hears of one. */
export class RivalWatch {
  readonly #view: TableView;
  readonly #tracker: NodeTracker;
  /** Outset of the other instance that was told, by row among the peers. */
  readonly #told: Float64Array;
  #lookedMs = Number.NEGATIVE_INFINITY;

  /** What is there already counts as told. */
  constructor(view: TableView, tracker: NodeTracker) {
    this.#view = view;
    this.#tracker = tracker;
    const { peers } = view;
    this.#told = new Float64Array(peers.columns.values.length);
    for (let peer = 0; peer < peers.highWater; peer++) {
      this.#told[peer] = peers.lifeSign(peer, LifeSign.OTHER_OUTSET);
    }
  }

  /** Looks now and then. @units nowMs: monotonic */
  look(nowMs: number): void {
    if (nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    const { peers } = this.#view;
    const { pubkey } = peers.columns;
    for (let peer = 0; peer < peers.highWater; peer++) {
      const outset = peers.lifeSign(peer, LifeSign.OTHER_OUTSET);
      if (outset === this.#told[peer]) continue;
      this.#told[peer] = outset;
      if (outset === 0) continue;
      const at = peer * PUBKEY_BYTES;
      this.#tracker.rival(toBase58(pubkey, at, at + PUBKEY_BYTES), String(outset), OWN);
    }
  }
}
