/**
 * The vocabulary of what can become of a packet or a value. Every packet ends in exactly one counter
 * named here, and so does every value of a packet that was not refused as a whole.
 *
 * Codes are 0 (accepted) and below; they are stable: append, never renumber.
 */

/** Where a packet or value met its outcome; `decode`, `sanitize`, `signature` are the vectors' stages. */
export type OutcomeStage =
  | 'accepted'
  | 'decode'
  | 'sanitize'
  | 'signature'
  | 'policy'
  | 'value'
  | 'shed';

const ROWS = [
  ['OK', 'accepted', 'passed every test'],
  ['PACKET_EMPTY', 'decode', 'a datagram without a byte'],
  ['PACKET_TOO_LONG', 'decode', 'more than 1,232 bytes'],
  [
    'PACKET_TRUNCATED',
    'decode',
    'the bytes end before the message does, or a count promises more than is there',
  ],
  ['PACKET_TRAILING_BYTES', 'decode', 'bytes left over behind the message'],
  ['MESSAGE_UNKNOWN', 'decode', 'the first four bytes name no message'],
  ['COUNT_OVER_LIMIT', 'decode', 'a count above the limit that Agave puts on allocations'],
  ['VARINT_NOT_CANONICAL', 'decode', 'a variable-length integer in a longer form than needed'],
  ['VARINT_OVERFLOW', 'decode', 'a variable-length integer beyond its width'],
  ['OPTION_TAG_UNKNOWN', 'decode', 'an option tag that is neither 0 nor 1'],
  ['BITVEC_OVER_CAPACITY', 'decode', 'a bit vector longer than its blocks'],
  ['VALUE_KIND_REMOVED', 'decode', 'a value kind that the protocol no longer has'],
  ['VALUE_KIND_UNKNOWN', 'decode', 'a value kind that never existed'],
  ['LOWEST_SLOT_INDEX', 'decode', 'a LowestSlot with an index other than 0'],
  ['SLOTS_TAG_UNKNOWN', 'decode', 'compressed slots or slot offsets of an unknown form'],
  ['ADDRESS_TAG_UNKNOWN', 'decode', 'an IP address that is neither IPv4 nor IPv6'],
  ['ADDRESS_IPV6', 'decode', 'an IPv6 address in a contact info'],
  ['ADDRESS_DUPLICATE', 'decode', 'the same address twice in a contact info'],
  ['ADDRESS_UNUSED', 'decode', 'an address in a contact info that no socket refers to'],
  ['SOCKET_KEY_DUPLICATE', 'decode', 'the same socket key twice in a contact info'],
  ['SOCKET_INDEX', 'decode', 'a socket that refers to no address'],
  ['SOCKET_PORT_OVERFLOW', 'decode', 'socket port offsets that add up beyond 65,535'],
  [
    'TRANSACTION_HEADER',
    'decode',
    'a vote transaction whose header does not fit its signatures and keys',
  ],
  ['TRANSACTION_INDEX', 'decode', 'a vote transaction with an instruction that refers to no key'],
  ['VOTE_NO_INSTRUCTION', 'decode', 'a vote transaction without an instruction'],
  [
    'VOTE_NOT_VOTE_PROGRAM',
    'decode',
    'a vote transaction whose first instruction is not for the vote program',
  ],
  ['VOTE_NO_ACCOUNT', 'decode', 'a vote instruction that names no vote account'],
  ['VOTE_INSTRUCTION_UNKNOWN', 'decode', 'a vote instruction that carries no vote'],
  ['VOTE_INSTRUCTION_MALFORMED', 'decode', 'a vote instruction that does not parse'],
  ['VOTE_SLOT_OVERFLOW', 'decode', 'lockout offsets that add up beyond 64 bits'],
  ['MASK_BITS_TOO_FEW', 'sanitize', 'a pull request that asks for more than a 64th of the table'],
  ['CALLER_NOT_CONTACT_INFO', 'sanitize', 'a pull request whose value is no contact info'],
  ['PRUNE_SENDER_MISMATCH', 'sanitize', 'a prune whose sender and signer differ'],
  ['WALLCLOCK_OVER_LIMIT', 'sanitize', 'a wallclock of 10^15 ms or more'],
  ['SLOT_OVER_LIMIT', 'sanitize', 'a slot of 10^15 or more'],
  ['VALUE_INDEX_OVER_LIMIT', 'sanitize', 'an index above what its kind allows'],
  ['LOWEST_SLOT_OBSOLETE_FIELDS', 'sanitize', 'a LowestSlot with root, slots or stash'],
  ['EPOCH_SLOTS_COUNT_OVER_LIMIT', 'sanitize', 'compressed slots that cover 16,384 slots or more'],
  [
    'EPOCH_SLOTS_BITMAP_SHAPE',
    'sanitize',
    'an uncompressed bitmap whose length does not fill its blocks',
  ],
  [
    'SNAPSHOT_INCREMENTAL_NOT_ABOVE_FULL',
    'sanitize',
    'an incremental snapshot not above its full one',
  ],
  ['DUPLICATE_SHRED_CHUNK', 'sanitize', 'a duplicate-shred chunk beyond its number of chunks'],
  ['PING_SIGNATURE', 'signature', 'a ping not signed by its sender'],
  ['PONG_SIGNATURE', 'signature', 'a pong not signed by its sender'],
  ['PRUNE_SIGNATURE', 'signature', 'a prune not signed by its sender'],
  ['VALUE_SIGNATURE', 'signature', 'a value not signed by its origin'],
  ['PACKET_NO_VALUES', 'policy', 'a push or pull response without a value'],
  ['PACKET_VALUES_FILTERED', 'policy', 'no value was left after the filters'],
  ['SOURCE_UNUSABLE', 'policy', 'a source address that nobody can answer'],
  ['PULL_REQUEST_OWN', 'policy', 'a pull request in our own name'],
  ['PULL_REQUEST_SHRED_VERSION', 'policy', 'a pull request from another cluster'],
  [
    'PULL_REQUEST_UNPROVED',
    'policy',
    'a pull request from an address that has not answered our ping; pinged if due',
  ],
  ['PULL_REQUEST_WALLCLOCK', 'policy', 'a pull request whose clock is over 15 s away'],
  [
    'PULL_REQUEST_OVER_BUDGET',
    'policy',
    'a pull request beyond the budget of its source or of all',
  ],
  ['PRUNE_TOO_OLD', 'policy', 'a prune older than 500 ms'],
  ['PRUNE_NOT_FOR_US', 'policy', 'a prune meant for another node'],
  ['PONG_UNEXPECTED', 'policy', 'a pong that answers no ping of ours'],
  ['PING_OVER_BUDGET', 'policy', 'a ping beyond the budget of its source'],
  ['VALUE_INSERTED', 'value', 'a label that was not in the table'],
  ['VALUE_UPDATED', 'value', 'a newer value of a label'],
  ['VALUE_DUPLICATE', 'value', 'the value that is in the table already'],
  ['VALUE_OUTDATED', 'value', "an older value than the table's"],
  ['VALUE_SHRED_VERSION', 'value', 'a contact info of another cluster'],
  ['VALUE_ORIGIN_UNKNOWN', 'value', 'a value of an origin that the table does not know'],
  [
    'VALUE_ADDRESS_UNPROVED',
    'value',
    'a contact info whose address has not answered our ping; pinged if due',
  ],
  ['VALUE_ADDRESS_UNUSABLE', 'value', 'a contact info without a usable gossip address'],
  ['VALUE_WALLCLOCK_WINDOW', 'value', 'a pushed value over 15 s away from our clock'],
  ['VALUE_TIMED_OUT', 'value', "a pulled value older than its origin's timeout"],
  ['VALUE_KIND_FILTERED', 'value', 'a kind that is kept from staked origins only'],
  ['VALUE_OWN_INSTANCE', 'value', 'a newer contact info under our own key: another instance runs'],
  ['VALUE_ORIGIN_FULL', 'value', 'a value beyond what one origin may keep'],
  ['VALUE_TABLE_FULL', 'value', 'a value for which the table had no room'],
  ['SHED_RING_FULL', 'shed', 'no free slot in the receive ring'],
  ['SHED_TOO_OLD', 'shed', 'waited over 2 s in the receive ring'],
  ['SHED_PULL_REQUEST', 'shed', 'a pull request dropped under load'],
  ['SHED_PUSH_UNPROVED', 'shed', 'a push of an unproved address dropped under load'],
  ['SHED_PUSH', 'shed', 'a push dropped under load'],
  ['SHED_PULL_RESPONSE', 'shed', 'a pull response dropped under load'],
  ['SHED_STOPPING', 'shed', 'arrived while we stopped'],
  ['TASK_FAILED', 'shed', 'lost with a task that failed'],
] as const satisfies readonly (readonly [string, OutcomeStage, string])[];

/** The name of an outcome, as it stands in counters, JSON and logs. */
export type OutcomeName = (typeof ROWS)[number][0];

/** Code by name: `Outcome.OK` is 0, all others are negative. */
export const Outcome = Object.freeze(
  Object.fromEntries(ROWS.map(([name], i) => [name, i === 0 ? 0 : -i])),
) as Readonly<Record<OutcomeName, number>>;

/** How many outcomes exist: codes run from 0 down to 1 − OUTCOME_COUNT. */
export const OUTCOME_COUNT = ROWS.length;

/** @throws RangeError for a number that is no code */
function row(code: number): (typeof ROWS)[number] {
  const found = ROWS[-code];
  if (!found) throw new RangeError(`no outcome has the code ${code}`);
  return found;
}

/** The name of a code. */
export const outcomeName = (code: number): OutcomeName => row(code)[0];

/** The stage of a code. */
export const outcomeStage = (code: number): OutcomeStage => row(code)[1];

/** What a code means, in words for people. */
export const outcomeMeaning = (code: number): string => row(code)[2];
