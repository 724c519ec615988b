/** What of the engine's own types is used; the compiler's library has them only together with a browser's. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

/** Compiled code; can be posted to other threads. */
export type WasmModule = object;

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => WasmModule;
  Memory: new (limits: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Instance: new (
    module: WasmModule,
    imports?: { env: { memory: WasmMemory } },
  ) => { exports: unknown };
};

/** The engine's own, with these types. */
export const { Module, Memory, Instance } = WebAssembly;

/** The module that a `wasm.ts` holds. @throws when the engine does not take it */
export function wasmModule(base64: string): WasmModule {
  return new Module(Buffer.from(base64, 'base64'));
}
