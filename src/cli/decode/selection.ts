import type { DecodedValue } from '../../wire/decoded.ts';
import { type Dissection, messageName } from './dissection.ts';

/** Which packets are shown; an empty list lets all pass. */
export interface Selection {
  readonly messages: readonly string[];
  readonly kinds: readonly string[];
  /** Senders of packets and origins of values. */
  readonly from: readonly string[];
}

/** Whether a packet may be asked for, by its first bytes: most of a long capture ends here. */
export function selectsMessage({ messages }: Selection, bytes: Uint8Array): boolean {
  return messages.length === 0 || messages.includes(messageName(bytes) ?? '');
}

/** Whether a packet of a message that is asked for is, before its signatures are looked at. */
export function selects(selection: Selection, dissection: Dissection): boolean {
  const { kinds, from } = selection;
  if (kinds.length === 0 && (from.length === 0 || isFrom(selection, dissection))) return true;
  return dissection.values.some((value) => selectsValue(selection, value, dissection));
}

/** Whether a value of a packet is asked for: all of a sender asked for are. */
export function selectsValue(
  selection: Selection,
  value: DecodedValue,
  dissection: Dissection,
): boolean {
  const { kinds, from } = selection;
  if (kinds.length > 0 && !kinds.includes(value.kind)) return false;
  return from.length === 0 || from.includes(value.from) || isFrom(selection, dissection);
}

function isFrom(selection: Selection, { sender }: Dissection): boolean {
  return sender !== undefined && selection.from.includes(sender);
}
