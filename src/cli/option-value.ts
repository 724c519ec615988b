import { InvalidArgumentError, type Option } from 'commander';

const ON = ['1', 'true', 'yes', 'on'];
const OFF = ['', '0', 'false', 'no', 'off'];

/** Reads a switch. @throws InvalidArgumentError */
export function isSwitchedOn(texts: readonly string[]): boolean {
  const [text = ''] = texts;
  if (texts.length === 1 && ON.includes(text.toLowerCase())) return true;
  if (texts.length === 1 && OFF.includes(text.toLowerCase())) return false;
  throw new InvalidArgumentError('Give true or false.');
}

/**
 * Reads what stands for the argument of a flag, by the flag's own rules. A flag that may be given several
 * times takes several texts, or one with commas in it.
 *
 * @throws InvalidArgumentError as the flag does
 */
export function parseTexts(option: Option, texts: readonly string[]): unknown {
  const read = (text: string, previous: unknown): unknown =>
    option.parseArg ? option.parseArg(text, previous as never) : text;
  const gather = (parts: readonly string[]): unknown =>
    parts.reduce((previous: unknown, part) => read(part.trim(), previous), option.defaultValue);
  if (texts.length !== 1) return gathered(texts, gather);
  const [text = ''] = texts;
  const parts = text.split(',');
  if (parts.length === 1) return read(text, option.defaultValue);
  try {
    const whole = read(text, option.defaultValue);
    if (!Array.isArray(whole)) return whole; // its argument has commas of its own
  } catch (error) {
    if (!isList(parts, gather)) throw error;
  }
  return gather(parts);
}

function gathered(
  texts: readonly string[],
  gather: (parts: readonly string[]) => unknown,
): unknown {
  const value = texts.length === 0 ? undefined : gather(texts);
  if (texts.length > 0 && !Array.isArray(value)) throw new InvalidArgumentError('Give one value.');
  return value;
}

/** Whether a flag gathers its arguments; asked only when the whole text is none. */
function isList(
  [first = '']: readonly string[],
  gather: (parts: readonly string[]) => unknown,
): boolean {
  return Array.isArray(gather([first]));
}
