import type { ChangeEvent } from './change-reader.ts';
import type { ChangeGap, ChangeKind, ChangeOf } from './changes.ts';

/** What can be listened to: a kind of change, `gap`, or `change` for all that happens to nodes. */
export type EventName = ChangeKind | 'gap' | 'change';

/** What a listener of a name is called with. */
export type EventOf<N extends EventName> = N extends ChangeKind
  ? ChangeOf<N>
  : N extends 'gap'
    ? ChangeGap
    : ChangeOf<ChangeKind>;

type Listener = (event: never) => void;

/** Changes of nodes as events: one stream, handed out by kind. */
export class ChangeEvents {
  readonly #open: () => AsyncIterable<ChangeEvent>;
  readonly #fail: (error: Error) => void;
  readonly #listeners = new Map<EventName, Set<Listener>>();
  #isOpen = false;

  /** @param open gives the stream, which is asked for when somebody listens; `fail` hears why it ends early */
  constructor(open: () => AsyncIterable<ChangeEvent>, fail: (error: Error) => void) {
    this.#open = open;
    this.#fail = fail;
  }

  /** Calls back for each event of a name. What the listener throws ends the process. @returns what ends it */
  on<N extends EventName>(name: N, listener: (event: EventOf<N>) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // The same function may listen twice, and each ends for itself.
    const own: Listener = (event) => listener(event);
    listeners.add(own);
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#read().catch((error: Error) => this.#fail(error));
    }
    return () => listeners.delete(own);
  }

  async #read(): Promise<void> {
    for await (const event of this.#open()) {
      this.#tell(event.kind, event);
      if (event.kind !== 'gap') this.#tell('change', event);
    }
  }

  #tell(name: EventName, event: ChangeEvent): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(event as never);
      } catch (error) {
        // Nobody can answer for it here, and the others hear the event all the same.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
