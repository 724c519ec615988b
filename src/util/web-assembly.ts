import { setFlagsFromString } from 'node:v8';

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

/**
 * The module that a `wasm.ts` holds. Node 20 knows the fused operations of relaxed SIMD as later ones do, but only
 * when it is told to; that holds for the whole process from then on.
 *
 * @throws when the engine does not take it
 */
export function wasmModule(base64: string): WasmModule {
  const bytes = Buffer.from(base64, 'base64');
  try {
    return new Module(bytes);
  } catch (error) {
    if (!process.version.startsWith('v20.')) throw error;
    setFlagsFromString('--experimental-wasm-relaxed-simd');
    return new Module(bytes);
  }
}
