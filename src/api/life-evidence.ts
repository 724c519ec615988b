import { Route, type TableView } from '../crds/view.ts';
import type { PingEvidence } from '../gossip/ping.ts';
import type { UnprovedContact } from '../gossip/unproved.ts';
import type { NodeParts } from '../node/parts.ts';
import { LifeSign } from '../shm/layout.ts';
import { Kind, PUBKEY_BYTES } from '../wire/limits.ts';
import type { LivenessEvidence } from './liveness.ts';
import { ViaReader } from './via.ts';

/** Where the origin's key lies in a contact info: behind signature and kind. @source wire 4.6 */
const ORIGIN_AT = 68;

/** Knows who sent us things; one for each thread. */
const VIA = new ViaReader();

type Said = { count: number; signedMs: number };

/**
 * What the table and its columns tell of the life of one node; on any thread, where it may be a little
 * behind. Pings that got no answer are known to main only.
 *
 * @units steadyMs: of the table's clock
 * @returns undefined when the table has no contact info of it
 */
export function tableEvidence(
  view: TableView,
  peer: number,
  steadyMs: number,
): LivenessEvidence | undefined {
  const contact = view.peers.contactRow(peer);
  if (contact < 0) return undefined;
  const { inserted, signed, kind } = view.columns;
  const votes: Said = { count: 0, signedMs: Number.POSITIVE_INFINITY };
  const slots: Said = { count: 0, signedMs: Number.POSITIVE_INFINITY };
  let left = view.peers.columns.values[peer]!; // elsewhere than on main the list may be changing
  for (
    let row = view.owners.first(peer);
    row >= 0 && left > 0;
    row = view.owners.next(row), left--
  ) {
    const said =
      kind[row] === Kind.VOTE ? votes : kind[row] === Kind.EPOCH_SLOTS ? slots : undefined;
    if (!said) continue;
    said.count++;
    said.signedMs = Math.min(said.signedMs, steadyMs - signed[row]!);
  }
  const { peers } = view;
  const answeredMs = peers.lifeSign(peer, LifeSign.ANSWERED);
  const otherMs = peers.lifeSign(peer, LifeSign.OTHER_HEARD);
  return {
    heardMs: Math.max(0, steadyMs - inserted[contact]!),
    signedMs: steadyMs - signed[contact]!,
    answered:
      answeredMs === 0
        ? null
        : {
            agoMs: Math.max(0, steadyMs - answeredMs),
            roundTripMs: peers.lifeSign(peer, LifeSign.ROUND_TRIP),
          },
    unanswered: null,
    votes: votes.count > 0 ? votes : null,
    epochSlots: slots.count > 0 ? slots : null,
    via: VIA.of(view.columns.route[contact]!, view.columns.sender, contact * PUBKEY_BYTES),
    otherInstance:
      otherMs === 0
        ? null
        : {
            outset: peers.lifeSign(peer, LifeSign.OTHER_OUTSET),
            heardMs: Math.max(0, steadyMs - otherMs),
          },
  };
}

/** What main can tell besides. */
export class MainEvidence {
  readonly #parts: NodeParts;
  readonly #found: PingEvidence = { answeredMs: 0, roundTripMs: 0, unanswered: 0 };

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /** Of a node in the table. */
  ofPeer(peer: number): LivenessEvidence | undefined {
    const { view, pings, clock } = this.#parts;
    const evidence = tableEvidence(view, peer, clock.steadyMs());
    if (!evidence) return undefined;
    const { pubkey, ip, port } = view.peers.columns;
    pings.evidence(pubkey, peer * 32, ip[peer]!, port[peer]!, this.#found);
    return { ...evidence, unanswered: this.#found.unanswered };
  }

  /** Of a node whose address has not answered. */
  ofUnproved(contact: UnprovedContact): LivenessEvidence {
    const { pings, clock } = this.#parts;
    pings.evidence(contact.bytes, ORIGIN_AT, contact.ip, contact.port, this.#found);
    return {
      heardMs: Math.max(0, clock.monoMs() - contact.heardMs),
      signedMs: clock.wallMs() - contact.wallclock,
      answered: null,
      unanswered: this.#found.unanswered,
      votes: null,
      epochSlots: null,
      via: contact.sender ? VIA.of(contact.route ?? Route.PULL, contact.sender, 0) : null,
      otherInstance: null,
    };
  }
}
