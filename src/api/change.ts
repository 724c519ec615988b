import type { KindName } from '../wire/limits.ts';

/** A value by its label, and which one of that label it is. */
export interface ValueSummary {
  kind: KindName;
  /** Public key of whoever signed it, in base58. */
  from: string;
  /** Place among the values of its kind from the same origin. */
  index: number;
  /** The origin's clock, ms since the Unix epoch. */
  wallclock: number;
  /** Identity of the value in the protocol. */
  sha256: string;
}

/** What a contact info says, in short. */
export interface ContactSummary {
  /** `ip:port`, null where there is none that could be used. */
  gossip: string | null;
  /** Where it answers RPC calls, null where it does not. */
  rpc: string | null;
  /** As people write it: `4.4.0`, `4.3.0-alpha.1`. */
  version: string;
  /** Name of the client, or `Unknown(id)`. */
  client: string;
  shredVersion: number;
  /** When the node started by its own clock, µs since the Unix epoch. */
  outset: string;
}

/** A value came in, or took the place of the one before it. Contact infos say what they contain. */
export interface StoredChange extends ValueSummary, Partial<ContactSummary> {
  operation: 'insert' | 'update';
  /** When it came in, ms since the Unix epoch. */
  at: number;
}

/** A value left without another taking its place. */
export interface RemovedChange extends ValueSummary {
  operation: 'remove';
  /** When that was noticed, ms since the Unix epoch. */
  at: number;
}

/** What was told before no longer counts; inserts of all there is follow. */
export interface ResetChange {
  operation: 'reset';
  at: number;
}

/** Something that happened to the table. Applied in order to what was there before, changes give the table. */
export type Change = StoredChange | RemovedChange | ResetChange;

/** What can happen to a row. */
export type RowOperation = 'insert' | 'update' | 'remove';

/** Changes that came together, as JSON lines; parsed when somebody asks for objects. */
export class ChangeBatch {
  /** One JSON object per line, each line ended. */
  readonly lines: string;
  #changes: readonly Change[] | undefined;

  constructor(lines: string) {
    this.lines = lines;
  }

  get changes(): readonly Change[] {
    this.#changes ??= JSON.parse(`[${this.lines.trimEnd().replaceAll('\n', ',')}]`) as Change[];
    return this.#changes;
  }
}
