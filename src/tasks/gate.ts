import type { TableView } from '../crds/view.ts';
import { countsAsStaked, isTaken } from '../gossip/policy.ts';
import { Control } from '../shm/control-words.ts';
import { LINE_I32 } from '../shm/layout.ts';
import type { RegionColumns } from '../shm/regions.ts';
import type { IngressGate } from './listen.ts';

/**
 * Which kinds are taken from whom, by the stakes that the table's region of peers holds: the same
 * answer on every thread. An origin that the table does not know counts as without stake; it would not
 * get in without its contact info anyway.
 *
 * @source behaviour 2.11
 */
export function createGate(view: TableView, control: RegionColumns<'control'>): IngressGate {
  const { stake } = view.peers.columns;
  return (kind, bytes, originAt) => {
    if (isTaken(kind, false)) return true;
    const stakedCount = control.words[Control.STAKED_COUNT * LINE_I32]!;
    if (countsAsStaked(stakedCount, 0)) return true;
    const peer = view.peers.find(bytes, originAt);
    return isTaken(kind, peer >= 0 && countsAsStaked(stakedCount, stake[peer]!));
  };
}
