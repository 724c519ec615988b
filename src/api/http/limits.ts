/** What anybody may cost us. @source reliability 5, API and event subscriber */

/** Open connections, all together and from one address. */
export const MAX_CONNECTIONS = 256;
export const MAX_PER_ADDRESS = 16;

/** Bytes of a request's headers, all together. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** Bytes of a request's body. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Until the headers of a request are here, until all of it is, and until its answer has been taken. */
export const HEADER_MS = 5_000;
export const REQUEST_MS = 10_000;

/** An idle connection is kept for the next request. */
export const KEEP_ALIVE_MS = 15_000;

/** What may wait for a subscriber that takes nothing, in the log or on its way: either is too much. */
export const MAX_WAITING_CHANGES = 1_024;
export const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * How long a subscriber may take nothing while so much waits. It costs nothing meanwhile, and one on a busy
 * machine, or far away on a bad line, needs some seconds now and then.
 */
export const STALL_MS = 5_000;

/** Bytes handed to a subscriber's socket ahead of what it has taken: the memory that one can cost. */
export const AHEAD_BYTES = 256 * 1024;

/** A subscriber hears at least so often that all is well. */
export const IDLE_MS = 15_000;
