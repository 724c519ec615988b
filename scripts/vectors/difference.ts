/** Where two JSON values first differ. */
export interface Difference {
  /** `content.values[0].sha256`; empty for the whole. */
  path: string;
  expected: unknown;
  got: unknown;
}

/**
 * Compares JSON values in depth: same types, same elements in the same order, same fields and no others.
 * @returns undefined when they are equal
 */
export function firstDifference(
  expected: unknown,
  got: unknown,
  path = '',
): Difference | undefined {
  if (Object.is(expected, got)) return undefined;
  if (!isContainer(expected) || !isContainer(got)) return { path, expected, got };
  const inArray = Array.isArray(expected);
  if (inArray !== Array.isArray(got)) return { path, expected, got };
  for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
    const below = inArray ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const found = firstDifference(expected[key], got[key], below);
    if (found) return found;
    if (!(key in expected && key in got)) {
      return { path: below, expected: expected[key], got: got[key] };
    }
  }
  return undefined;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
