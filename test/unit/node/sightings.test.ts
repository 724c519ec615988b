import { expect, it } from 'vitest';
import { Sightings } from '../../../src/node/sightings.ts';

const key = (number: number): Uint8Array => {
  const bytes = new Uint8Array(40);
  new DataView(bytes.buffer).setUint32(8, number);
  return bytes;
};

it('an identity has a first and a last sighting', () => {
  const sightings = new Sightings();
  expect(sightings.of(key(1), 8)).toBeUndefined();
  sightings.note(key(1), 8, 10);
  sightings.note(key(2), 8, 15);
  sightings.note(key(1), 8, 20.5);
  expect(sightings.of(key(1), 8)).toEqual({ firstMs: 10, lastMs: 20.5 });
  expect(sightings.of(key(2), 8)).toEqual({ firstMs: 15, lastMs: 15 });
  expect(sightings.of(key(1), 0)).toBeUndefined();
});

it('65,536 are remembered; the longest known leave first', () => {
  const sightings = new Sightings();
  for (let i = 0; i < 65_537; i++) sightings.note(key(i), 8, i);
  expect(sightings.of(key(0), 8)).toBeUndefined();
  expect(sightings.of(key(1), 8)).toEqual({ firstMs: 1, lastMs: 1 });
  expect(sightings.of(key(65_536), 8)).toEqual({ firstMs: 65_536, lastMs: 65_536 });
});
