import type { NodeInfo } from '../../api/nodes.ts';
import type { ValueJson } from '../../api/value-json.ts';
import { isSpyUrl } from '../options.ts';
import type { ExportFlags } from './flags.ts';

/** What somebody has heard, to be exported. */
export interface Heard {
  /** Who heard it and for how long, for the line under a table. */
  readonly source: string;
  /** What a JSON document says of it. */
  readonly head: Readonly<Record<string, unknown>>;
  nodes(): Promise<NodeInfo[]>;
  values(wish: ValueWish): AsyncIterable<ValueJson> | Iterable<ValueJson>;
}

/** What is wanted of values; the rest may be left out where that saves work. */
export interface ValueWish {
  readonly kinds: readonly string[];
  readonly pubkeys: readonly string[];
  /** With the signed bytes. */
  readonly bytes: boolean;
}

/**
 * Asks the spy that `--url` names, or joins the cluster and listens for a while. Only what it takes is
 * loaded: a question is answered before a node would be set up.
 *
 * @throws SpyError of the spy that is asked, of joining, or NOTHING_HEARD
 */
export async function hear(flags: ExportFlags): Promise<Heard> {
  if (isSpyUrl(flags.url)) return fromSpy(flags.url);
  const { hearOurselves } = await import('./own-run.ts');
  return hearOurselves(flags);
}

async function fromSpy(url: string): Promise<Heard> {
  const { SpyClient } = await import('./spy-client.ts');
  const client = new SpyClient(url);
  return {
    source: `told by the spy at ${url}`,
    head: { spy: url },
    nodes: () => client.nodes(),
    values({ kinds, pubkeys, bytes }) {
      const [kind] = kinds;
      const [from] = pubkeys;
      return client.values({
        ...(kind !== undefined && kinds.length === 1 ? { kind } : {}),
        ...(from !== undefined && pubkeys.length === 1 ? { from } : {}),
        ...(bytes ? { bytes: 'true' } : {}),
      });
    },
  };
}
