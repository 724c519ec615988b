import { SpyError } from '../../util/assert.ts';
import { readU32 } from '../../util/bytes.ts';
import type { Rng } from '../../util/rng.ts';
import {
  Instance,
  Memory,
  type WasmMemory,
  type WasmModule,
  wasmModule,
} from '../../util/web-assembly.ts';
import { WASM_BASE64 } from './wasm.ts';

/** Exports of `known-keys.c`; every number but counts is an address in the memory. */
export interface KnownKeysCode {
  readonly __stack_pointer: { value: number };
  readonly __heap_base: { readonly value: number };
  area_bytes(): number;
  scratch_at(): number;
  message_bytes(): number;
  verdict_at(): number;
  keys_at(): number;
  table_bytes(): number;
  table_rows(): number;
  base_table_bytes(): number;
  batch_rows(): number;
  /** 1 where a product that is added to is rounded once, which all arithmetic rests on. */
  fused_operations(): number;
  base_table(area: number, base: number): void;
  table_begin(area: number): number;
  table_row(area: number, row: number): void;
  table_invert(area: number): void;
  table_store(area: number, row: number, t0: number, t1: number, t2: number, t3: number): void;
  stage(area: number, row: number, key: number, table: number, length: number): void;
  verify(area: number, count: number, base: number): void;
  field_multiply(out: number, a: number, b: number): void;
  field_square(out: number, a: number): void;
  field_pack(words: number, a: number, lane: number): void;
  field_unpack(out: number, words: number): void;
  field_canonical(words: number, a: number, lane: number): void;
}

/** What threads hand each other so that all use the same tables; can be posted. */
export interface KnownKeysHandle {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  /** Most keys with a table. */
  readonly keys: number;
}

/** Where things lie in the memory. All addresses are multiples of 128. */
export interface KnownKeysLayout {
  /** Words of Header, a line each. */
  readonly header: number;
  /** Places of the index, by hash. */
  readonly places: number;
  readonly placeCount: number;
  /** Counts of keys that may get a table, a tag and a count each. */
  readonly candidates: number;
  /** One word a slot: odd while its table is being made. */
  readonly versions: number;
  /** One word a slot: when its table was last used. */
  readonly used: number;
  /** 32 bytes a slot. */
  readonly keys: number;
  readonly base: number;
  /** What a thread works with: stack, then the area of the C code, then tables for its self-check. */
  readonly areas: number;
  readonly areaStride: number;
  readonly tables: number;
  readonly tableBytes: number;
  readonly end: number;
}

/** Words of the header, each on a line of its own. */
export const Header = Object.freeze({
  /** Thread that makes tables, or 0. */
  BUILDER: 0,
  /** Signatures judged so far, in whatever way; wraps. */
  TICK: 1,
  /** 1 once a table was caught deciding wrongly: nobody uses any from then on. */
  OFF: 2,
  /** Areas handed out. */
  AREAS: 3,
  /** Slots in use. */
  SIZE: 4,
  /** Key of the hash that spreads keys over places. */
  SEED_LOW: 5,
  SEED_HIGH: 6,
});
/** 32-bit words from one word of the header to the next. */
export const HEADER_STRIDE = 32;
const HEADER_WORDS = 7;

/**
 * Threads that can attach in the life of a process. One that dies leaves its area behind; who finds none
 * verifies without tables.
 */
export const MAX_AREAS = 32;

/** Slots that lie behind each area, for the self-check. */
const CHECK_TABLES = 4;
/** Keys that are counted at a time, a power of two: four times the nodes of mainnet. */
export const CANDIDATES = 16_384;

const STACK_BYTES = 32_768;
const PAGE_BYTES = 65_536;

const align = (n: number): number => Math.ceil(n / 128) * 128;

/** Where everything lies for this many keys. */
export function layoutOf(code: KnownKeysCode, keys: number): KnownKeysLayout {
  let end = align(code.__heap_base.value);
  const take = (bytes: number): number => {
    const at = end;
    end = align(end + bytes);
    return at;
  };
  const placeCount = 2 ** Math.ceil(Math.log2(keys * 2.5));
  const tableBytes = code.table_bytes();
  const areaStride = STACK_BYTES + align(code.area_bytes()) + align(CHECK_TABLES * tableBytes);
  return {
    header: take(HEADER_WORDS * HEADER_STRIDE * 4),
    places: take(placeCount * 4),
    placeCount,
    candidates: take(CANDIDATES * 8),
    versions: take(keys * 4),
    used: take(keys * 4),
    keys: take(keys * 32),
    base: take(code.base_table_bytes()),
    areas: take(MAX_AREAS * areaStride),
    areaStride,
    tables: take(keys * tableBytes),
    tableBytes,
    end,
  };
}

/** Instantiates the code over the memory of a handle. */
export function instantiate(handle: KnownKeysHandle): KnownKeysCode {
  const { module, memory } = handle;
  return new Instance(module, { env: { memory } }).exports as KnownKeysCode;
}

/** One thread's share: its code, with a stack and an area of its own. */
export interface KnownKeysThread {
  readonly handle: KnownKeysHandle;
  readonly code: KnownKeysCode;
  readonly layout: KnownKeysLayout;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly area: number;
  /** Tables that belong to this thread, for its self-check. */
  readonly checkTables: number;
}

/**
 * Sets up the memory, makes the table of the base point (11 ms once the code is warm) and attaches the
 * calling thread.
 *
 * @param keys most keys with a table, about 14 KB each; pages that are never touched cost nothing
 * @throws SpyError VERIFIER_UNAVAILABLE where WebAssembly lacks shared memory or fused operations
 */
export function createKnownKeys(keys: number, rng: Rng): KnownKeysThread {
  const handle = allocate(keys);
  const code = instantiate(handle);
  const { header } = layoutOf(code, keys);
  const words = new Int32Array(handle.memory.buffer);
  const secret = new Uint8Array(8);
  rng.secret(secret);
  words[header / 4 + wordOf(Header.SEED_LOW)] = readU32(secret, 0);
  words[header / 4 + wordOf(Header.SEED_HIGH)] = readU32(secret, 4);
  const thread = attachKnownKeys(handle);
  thread.code.base_table(thread.area, thread.layout.base);
  return thread;
}

const wordOf = (name: number): number => name * HEADER_STRIDE;

function allocate(keys: number): KnownKeysHandle {
  try {
    const module = wasmModule(WASM_BASE64);
    const most = Math.ceil((keys * 16_384) / PAGE_BYTES) + 256;
    const memory = new Memory({ initial: 2, maximum: most, shared: true });
    const handle = { module, memory, keys };
    const code = instantiate(handle);
    if (code.fused_operations() !== 1) throw new Error('this processor has none');
    const { end } = layoutOf(code, keys);
    memory.grow(Math.ceil(end / PAGE_BYTES) - 2);
    return handle;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new SpyError(
      'VERIFIER_UNAVAILABLE',
      `Tables for known keys need WebAssembly with shared memory and fused operations of relaxed SIMD: ${why}.`,
      { cause },
    );
  }
}

/**
 * Gives the calling thread an area of its own in a memory that another has set up.
 *
 * @throws SpyError VERIFIER_UNAVAILABLE when too many threads have come and gone
 */
export function attachKnownKeys(handle: KnownKeysHandle): KnownKeysThread {
  const code = instantiate(handle);
  const layout = layoutOf(code, handle.keys);
  const words = new Int32Array(handle.memory.buffer);
  const mine = Atomics.add(words, layout.header / 4 + wordOf(Header.AREAS), 1);
  if (mine >= MAX_AREAS) {
    throw new SpyError('VERIFIER_UNAVAILABLE', `More than ${MAX_AREAS} threads used the tables.`);
  }
  const stack = layout.areas + mine * layout.areaStride;
  code.__stack_pointer.value = stack + STACK_BYTES;
  const area = stack + STACK_BYTES;
  return {
    handle,
    code,
    layout,
    bytes: new Uint8Array(handle.memory.buffer),
    words,
    area,
    checkTables: area + align(code.area_bytes()),
  };
}
