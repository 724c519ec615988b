/** A load: how much comes in, how much of it is new, and from how many. */
export interface Row {
  readonly name: string;
  /** Datagrams a second. */
  readonly rate: number;
  /** New values a second. */
  readonly unique: number;
  readonly origins: number;
}

/** From what mainnet delivers to what two cores can bear. */
export const ROWS: readonly Row[] = [
  { name: '20k', rate: 20_000, unique: 11_300, origins: 3_700 },
  { name: '50k', rate: 50_000, unique: 5_000, origins: 2_000 },
  { name: '100k', rate: 100_000, unique: 500, origins: 2_000 },
  { name: '150k', rate: 150_000, unique: 500, origins: 2_000 },
];

/** A load by its name, or one that is none of ours, as `rate/unique/origins`. @returns undefined for neither */
export function findRow(name: string): Row | undefined {
  const known = ROWS.find((row) => row.name === name);
  if (known) return known;
  const [, rate, unique, origins] = /^(\d+)\/(\d+)\/(\d+)$/.exec(name) ?? [];
  const row = { name, rate: Number(rate), unique: Number(unique), origins: Number(origins) };
  return row.rate > 0 && row.unique > 0 && row.origins > 0 ? row : undefined;
}

/** What all rows of a run have in common. */
export interface Load {
  readonly seconds: number;
  readonly garbage: number;
  readonly seed: number;
}

/** Shred version of all made-up clusters. */
export const SHRED_VERSION = 20_126;
