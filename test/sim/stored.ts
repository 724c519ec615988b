/** Generations whose content follows from their sequence, so that any mixture of two is noticed. */
import { type StoreContent, StoreWriter } from '../../src/node/store-format.ts';
import { seededRng } from '../../src/util/rng.ts';

/** Writes generation `sequence` of so many records. */
export function generation(sequence: number, records: number): Uint8Array[] {
  const rng = seededRng(sequence);
  const writer = new StoreWriter();
  writer.counters({ STARTS: sequence, VALUES_RECEIVED: rng.below(1e9) });
  const key = new Uint8Array(32);
  for (let i = 0; i < records; i++) {
    rng.fill(key);
    writer.identity(Buffer.from(key).toString('hex'), sequence, sequence + i);
  }
  const contact = new Uint8Array(300);
  for (let i = 0; i < records; i++) {
    rng.fill(contact);
    writer.peer(rng.u32(), rng.below(65_536), contact, 0, 100 + rng.below(200));
  }
  return writer.finish({ sequence, savedMs: 1_787_000_000_000 + sequence, ip: 1, shredVersion: 2 });
}

/** Whether content is generation `sequence`, whole. */
export function isGeneration(content: StoreContent, sequence: number, records: number): boolean {
  const { counters, identities, peers } = content;
  return (
    content.sequence === sequence &&
    counters['STARTS'] === sequence &&
    identities.length === records &&
    peers.length === records &&
    identities.every(({ firstMs, lastMs }, i) => firstMs === sequence && lastMs === sequence + i)
  );
}
