import { expect, it } from 'vitest';
import { MAX_VALUES } from '../../../src/wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../../../src/wire/skim.ts';
import { recordedPackets } from './recorded.ts';

/** Bytes that refuse to be read or written outside a span, and to be changed inside. */
function fenced(bytes: Uint8Array, at: number): { proxy: Uint8Array; setEnd(end: number): void } {
  let end = 0;
  const proxy = new Proxy(bytes, {
    get(target, key) {
      const index = Number(key);
      if (!Number.isInteger(index)) throw new Error(`${String(key)} is not an index`);
      if (index < at || index >= end) throw new Error(`byte ${index} of [${at}, ${end}) read`);
      return target[index];
    },
    set(_target, key) {
      throw new Error(`byte ${String(key)} written`);
    },
  });
  return {
    proxy,
    setEnd(value) {
      end = value;
    },
  };
}

it('skimming reads no byte outside of the packet, whole or cut at any byte', () => {
  const kinds = new Map<string, Uint8Array>();
  for (const file of ['packets.jsonl.gz', 'edges.jsonl.gz'] as const) {
    for (const { stage, content, bytes } of recordedPackets(file)) {
      if (stage !== 'accepted') continue;
      // One of each message and kinds with each length of the contents in 64s.
      const values = (content!.values ?? []).map(({ kind, length }) => `${kind}${length >> 6}`);
      kinds.set(`${content!.message} ${values.join()}`, bytes);
    }
  }
  const packet = new PacketFields();
  const columns = createValueColumns(MAX_VALUES);
  const room = new Uint8Array(2048);
  const at = 300;
  const { proxy, setEnd } = fenced(room, at);
  let whole = 0;
  for (const [name, bytes] of kinds) {
    room.set(bytes, at);
    for (let length = bytes.length; length >= 0; length--) {
      setEnd(at + length);
      const outcome = skim(proxy, at, at + length, packet, columns, 0);
      if ((outcome === 0) !== (length === bytes.length)) expect.fail(`${name} of ${length} bytes`);
    }
    whole++;
  }
  expect(whole).toBeGreaterThan(80);
});
