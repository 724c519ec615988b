/** What becomes of a pulled value. */
export const Pulled = Object.freeze({
  /** Stored, and renews the age of its origin. */
  ACTIVE: 1,
  /** Stored, renews nothing: older than its origin's timeout. */
  EXPIRED: 2,
  /** Not stored, remembered as not wanted again. */
  FAILED: 3,
  /** As FAILED, because it is too old and its origin is unknown. */
  FAILED_TIMEOUT: 4,
});

/**
 * Judges a pulled value. All values of a batch are judged before any is stored; then the expired ones
 * are stored, then the active ones, whose origins are touched if they went in; then the hashes of the
 * failed ones go to the queue of failed inserts.
 *
 * @units wallclock, timeoutMs, nowMs: ms; timeoutMs: of the origin, may be Infinity
 * @param overrides whether the table would store it
 * @param hasContactInfo whether the table has a contact info of its origin
 * @source behaviour 5
 */
export function judgePulled(
  overrides: boolean,
  wallclock: number,
  timeoutMs: number,
  hasContactInfo: boolean,
  nowMs: number,
): number {
  if (!overrides) return Pulled.FAILED;
  if (nowMs <= wallclock + timeoutMs) return Pulled.ACTIVE;
  return hasContactInfo ? Pulled.EXPIRED : Pulled.FAILED_TIMEOUT;
}
