/**
 * Comlink as it is used here: objects whose methods are called from another thread. For control only, as
 * a call costs 50 to 80 µs on each side; bytes go through shared memory.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import { expose, proxy, releaseProxy, wrap } from 'comlink';
import nodeAdapter from 'comlink/dist/umd/node-adapter.js';

/** What Comlink needs of a port; its own types speak of browsers. */
interface Endpoint {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: string, listener: object): void;
  removeEventListener(type: string, listener: object): void;
  start?: () => void;
}
type Transferable = Parameters<MessagePort['postMessage']>[1] extends
  | readonly (infer T)[]
  | undefined
  ? T
  : never;

// The types of this file say that the function is a property of what it exports; it is the export.
const endpointOf = nodeAdapter as unknown as (port: MessagePort | Worker) => Endpoint;

type Method = (...args: never[]) => unknown;

/** An object in another thread: every method answers by a promise, which never settles if that thread dies. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** Lets the other end of a port call the methods of an object. */
export function serve(port: MessagePort | Worker, object: object): void {
  expose(object, endpointOf(port) as never);
}

/** The object that the other end of a port serves. */
export function connect<T>(port: MessagePort | Worker): Remote<T> {
  return wrap(endpointOf(port) as never) as unknown as Remote<T>;
}

/** Marks methods for a call's arguments, so that the callee can call them back: these and no others. */
export function lend<T extends { readonly [K in keyof T]: Method }>(methods: T): T {
  return proxy({ ...methods });
}

/** Gives up an object of another thread, so that neither side holds a port for it any longer. */
export function release(remote: object): void {
  (remote as { [releaseProxy]: () => void })[releaseProxy]();
}
