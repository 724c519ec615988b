import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KNOWN_KEYS } from '../wasm/build.ts';
import { limbsOf, P } from './constants.ts';
import {
  type Bounds,
  contains,
  exactly,
  FieldBounds,
  magnitude,
  union,
  within,
} from './interval.ts';
import { LIMBS, limbBits, WEIGHTS } from './multiply.ts';

/**
 * What "reduced" means: the hypothesis of the proof. Half the width of a limb and a little more; the proof is
 * that every function keeps to it, so that it holds however often they follow each other.
 */
export const REDUCED: Bounds = Array.from({ length: LIMBS }, (_, i) =>
  within(2n ** BigInt(limbBits(i) - 1) + 2n ** 15n),
);

/** Lines of a function that compute nothing with elements. */
const IRRELEVANT = /^(fe4( \w+,?)+(, \w+)*;|\}?)$/;

/** An element that is copied. */
const COPY = /^(\w+->\w+) = (\w+->\w+);$/;

/** Limbs below this are packed rightly: what the last hands the first stays small beside its width. */
const PACKABLE = 2n ** 46n;

/** One operation of a function, as it stands in the C source. */
const OPERATION = /^(?:if \(needs_t\) )?fe4_(\w+)\((.*)\);$/;

/** What a function under proof is given, and what it must leave reduced. */
interface Subject {
  readonly name: string;
  readonly file: string;
  /** Bounds of what it reads; everything not named is reduced. */
  readonly given?: Readonly<Record<string, Bounds>>;
  /** What it leaves, as the C source names it. */
  readonly leaves: readonly string[];
  /** What it leaves to be packed, which rounds it. */
  readonly packs?: readonly string[];
}

const POINT = ['p->x', 'p->y', 'p->z', 'p->t'];

/** Every function of the C source that computes with elements in a straight line. */
export const SUBJECTS: readonly Subject[] = [
  { name: 'point4_add_entry', file: 'point.h', leaves: POINT },
  { name: 'point4_add_cached', file: 'point.h', leaves: POINT },
  { name: 'point4_double', file: 'point.h', leaves: POINT },
  {
    name: 'point4_cache',
    file: 'point.h',
    leaves: ['o->sum', 'o->difference', 'o->product', 'o->z'],
  },
  {
    name: 'point4_to_entry',
    file: 'point.h',
    leaves: ['o->product'],
    packs: ['o->sum', 'o->difference'],
  },
  { name: 'point4_roots', file: 'point.h', leaves: ['*x', '*x_other'] },
  { name: 'fe4_power_250', file: 'field.h', leaves: ['*power', '*eleven'] },
  { name: 'fe4_invert', file: 'field.h', leaves: ['*o'] },
  { name: 'fe4_power_root', file: 'field.h', leaves: ['*o'] },
];

/** What came out of a proof. */
export interface Proof {
  /** Sentences on what is not proven; empty when all is. */
  readonly faults: readonly string[];
  /** Largest magnitude of what must be exact: 2^53 is the end. */
  readonly largest: bigint;
  /** Largest sum of products, in parts of a million of what it may reach. */
  readonly largestSum: bigint;
  /** Largest magnitude of each limb that a function leaves. */
  readonly limbs: readonly bigint[];
  /** Functions proven. */
  readonly functions: readonly string[];
}

/** The lines of a function's body, comments and indentation removed. */
function bodyOf(source: string, name: string): string[] {
  const start = source.search(new RegExp(`^(INLINE|NOINLINE) void ${name}\\(`, 'm'));
  if (start < 0) throw new Error(`there is no function ${name}`);
  const open = source.indexOf('{\n', start);
  const body = source.slice(open + 2, source.indexOf('\n}\n', open) + 1);
  return body
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Follows one function line by line. @returns the bounds of everything that it wrote */
function follow(
  field: FieldBounds,
  subject: Subject,
  source: string,
): { written: Map<string, Bounds>; faults: string[] } {
  const written = new Map<string, Bounds>(Object.entries(subject.given ?? {}));
  const faults: string[] = [];
  const nameOf = (text: string): string => {
    const bare = text.trim().replace(/^&/, '');
    return /->/.test(bare) || text.trim().startsWith('&') ? bare : `*${bare}`;
  };
  const locals = new Set<string>();
  const read = (text: string): Bounds => {
    const name = nameOf(text);
    const known = written.get(name);
    if (known) return known;
    if (locals.has(name)) faults.push(`${subject.name}: ${name} is read before it is written`);
    return REDUCED; // a parameter
  };
  for (const line of bodyOf(source, subject.name)) {
    const declared = /^fe4 (.*);$/.exec(line);
    if (declared) {
      for (const name of declared[1]!.split(',')) locals.add(name.trim());
      continue;
    }
    const copied = COPY.exec(line);
    if (copied) {
      written.set(copied[1]!, read(copied[2]!));
      continue;
    }
    const operation = OPERATION.exec(line);
    if (!operation) {
      if (!IRRELEVANT.test(line)) faults.push(`${subject.name}: "${line}" is not understood`);
      continue;
    }
    const [, kind, list] = operation as unknown as [string, string, string];
    const args = list.split(',');
    const where = `${subject.name}: ${line}`;
    const result = apply(field, kind, args, read, where);
    if (result === undefined) faults.push(`${where} is not understood`);
    else {
      // What is written only when it is needed may still be what it was.
      const name = nameOf(args[0]!);
      const before = line.startsWith('if') ? written.get(name) : undefined;
      written.set(name, before ? union(before, result) : result);
      if (kind === 'power_250') written.set(nameOf(args[1]!), result);
    }
  }
  return { written, faults };
}

function apply(
  field: FieldBounds,
  kind: string,
  args: readonly string[],
  read: (text: string) => Bounds,
  where: string,
): Bounds | undefined {
  switch (kind) {
    case 'mul':
      return field.multiply(read(args[1]!), read(args[2]!), where);
    case 'sq':
      return field.square(read(args[1]!), where);
    case 'add':
      return field.add(read(args[1]!), read(args[2]!), where);
    case 'sub':
      return field.subtract(read(args[1]!), read(args[2]!), where);
    case 'small':
      return [
        exactly(BigInt(args[1]!.trim())),
        ...Array.from({ length: LIMBS - 1 }, () => exactly(0n)),
      ];
    case 'constant':
      return constantBounds();
    case 'square_times': {
      // Once, and once more of what that leaves: proven reduced, so as often as one likes.
      const once = field.square(read(args[1]!), where);
      return union(once, field.square(union(once, REDUCED), where));
    }
    case 'power_250':
    case 'power_root':
      return requireReduced(field, read(args[kind === 'power_250' ? 2 : 1]!), where);
    default:
      return undefined;
  }
}

/** Functions that are proven by themselves take what is reduced and leave what is reduced. */
function requireReduced(field: FieldBounds, given: Bounds, where: string): Bounds {
  if (!contains(REDUCED, given)) field.ledger.faults.push(`${where}: given what is not reduced`);
  return REDUCED;
}

/** Limbs of constants are rounded to their width. */
function constantBounds(): Bounds {
  return Array.from({ length: LIMBS }, (_, i) => within(2n ** BigInt(limbBits(i) - 1) + 19n));
}

/** The largest number that limbs of these magnitudes can add up to. */
function largestValue(bounds: Bounds): bigint {
  return bounds.reduce((sum, limb, i) => sum + (magnitude(limb) << BigInt(WEIGHTS[i]!)), 0n);
}

/**
 * Derives from the C source and the multiplication program that no operation overflows, and that every
 * function leaves its results reduced when it is given what is reduced: by induction, whatever the order
 * in which points are added and doubled.
 *
 * @param read the text of a file of the C source
 */
export function prove(read: (file: string) => string): Proof {
  const field = new FieldBounds();
  const faults: string[] = [];
  let limbs: Bounds = Array.from({ length: LIMBS }, () => exactly(0n));
  for (const subject of SUBJECTS) {
    const { written, faults: found } = follow(field, subject, read(subject.file));
    faults.push(...found);
    for (const name of subject.leaves) {
      const left = written.get(name);
      if (!left) faults.push(`${subject.name} does not write ${name}`);
      else if (!contains(REDUCED, left)) faults.push(`${subject.name} leaves ${name} not reduced`);
      else limbs = union(limbs, left);
    }
    for (const name of subject.packs ?? []) {
      const left = written.get(name);
      if (!left) faults.push(`${subject.name} does not write ${name}`);
      else if (left.some((limb) => magnitude(limb) >= PACKABLE)) {
        faults.push(`${subject.name} leaves ${name} too large to be packed`);
      }
    }
    checkCanonical(subject, written, faults);
  }
  if (contains(REDUCED, constantBounds()) === false) faults.push('constants are not reduced');
  if (limbsOf(P - 1n).some((limb, i) => BigInt(Math.abs(limb)) > magnitude(REDUCED[i]!))) {
    faults.push('a number turned into limbs is not reduced');
  }
  const { largest, largestSum } = field.ledger;
  return {
    faults: [...faults, ...field.ledger.faults],
    largest,
    largestSum,
    limbs: limbs.map(magnitude),
    functions: SUBJECTS.map(({ name }) => name),
  };
}

/** Everything that is made canonical lies within ±2p: what is reduced, and differences and sums of two. */
function checkCanonical(subject: Subject, written: Map<string, Bounds>, faults: string[]): void {
  const made = subject.name === 'point4_roots' ? ['*minus', '*plus'] : [];
  for (const name of made) {
    const bounds = written.get(name);
    if (!bounds || largestValue(bounds) >= 2n * P) faults.push(`${name} may lie beyond 2p`);
  }
  if (largestValue(REDUCED) >= 2n * P) faults.push('what is reduced may lie beyond 2p');
}

/** The proof as lines for people. */
export function describeProof(root: string): { lines: string[]; isProven: boolean } {
  const folder = join(root, KNOWN_KEYS.folder);
  const proof = prove((file) => readFileSync(join(folder, file), 'utf8'));
  return {
    isProven: proof.faults.length === 0,
    lines: [
      ...proof.faults,
      `functions: ${proof.functions.join(', ')}`,
      `largest number: ${proof.largest}, ${((Number(proof.largest) / 2 ** 53) * 100).toFixed(1)} % of 2^53`,
      `largest sum of products: ${(Number(proof.largestSum) / 10_000).toFixed(1)} % of what is rounded right`,
      `largest limbs: ${proof.limbs.join(', ')}`,
    ],
  };
}
