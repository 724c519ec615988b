/** Bytes a step: with 4 words a turn of the loop, both take a little more than half the time of one. */
const STEP = 16;

/**
 * Copies a span of bytes by 32-bit words, without creating a view. 421 bytes take some 160 ns;
 * `set(subarray())` leaves 96 bytes of garbage.
 *
 * @shape from, to: over the same or different memory, any alignment, must not overlap
 */
export function copySpan(
  from: DataView,
  fromAt: number,
  to: DataView,
  toAt: number,
  length: number,
): void {
  // hot: every stored value passes here once on its way in and once on its way out
  let i = 0;
  for (; i + STEP <= length; i += STEP) {
    const a = fromAt + i;
    const b = toAt + i;
    to.setInt32(b, from.getInt32(a, true), true);
    to.setInt32(b + 4, from.getInt32(a + 4, true), true);
    to.setInt32(b + 8, from.getInt32(a + 8, true), true);
    to.setInt32(b + 12, from.getInt32(a + 12, true), true);
  }
  for (; i + 4 <= length; i += 4) to.setInt32(toAt + i, from.getInt32(fromAt + i, true), true);
  for (; i < length; i++) to.setUint8(toAt + i, from.getUint8(fromAt + i));
}

/**
 * Compares two spans by 32-bit words; 421 equal bytes take some 140 ns.
 *
 * @shape a, b: over the same or different memory, any alignment
 */
export function equalSpan(
  a: DataView,
  aAt: number,
  b: DataView,
  bAt: number,
  length: number,
): boolean {
  // hot: once for every value that the table holds already, which is most of what comes in
  let i = 0;
  for (; i + STEP <= length; i += STEP) {
    const p = aAt + i;
    const q = bAt + i;
    const differs =
      (a.getInt32(p, true) ^ b.getInt32(q, true)) |
      (a.getInt32(p + 4, true) ^ b.getInt32(q + 4, true)) |
      (a.getInt32(p + 8, true) ^ b.getInt32(q + 8, true)) |
      (a.getInt32(p + 12, true) ^ b.getInt32(q + 12, true));
    if (differs !== 0) return false;
  }
  for (; i + 4 <= length; i += 4) {
    if (a.getInt32(aAt + i, true) !== b.getInt32(bAt + i, true)) return false;
  }
  for (; i < length; i++) if (a.getUint8(aAt + i) !== b.getUint8(bAt + i)) return false;
  return true;
}

/** A view over the same bytes as the array. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
