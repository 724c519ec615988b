import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { Marker } from '../../scripts/fuzz/marker.ts';

/** Compiles a function with marks and calls it. @returns what it returned, and the branches it took */
function taken(source: string, ...args: unknown[]): { result: unknown; branches: string[] } {
  const names: string[] = [];
  const { outputText } = ts.transpileModule(source, {
    fileName: 'src/x.ts',
    transformers: { before: [Marker.transformer('src/x.ts', names)] },
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.None },
  });
  const hits = new Uint8Array(names.length);
  const body = outputText.replace('globalThis.earshotMarks.hits', 'marks');
  const result = new Function('marks', 'args', `${body}; return f(...args);`)(hits, args);
  return { result, branches: names.filter((_, i) => hits[i] === 1) };
}

describe('marks', () => {
  const cases = [
    {
      name: 'both ways of an if',
      source: 'function f(a) {\n if (a) return 1;\n return 2;\n}',
      calls: [
        { args: [true], result: 1, branches: ['src/x.ts:2 then'] },
        { args: [false], result: 2, branches: ['src/x.ts:2 else'] },
      ],
    },
    {
      name: 'both ways of a choice',
      source: 'const f = (a) => a > 1 ? a : -a;',
      calls: [
        { args: [2], result: 2, branches: ['src/x.ts:1 yes'] },
        { args: [1], result: -1, branches: ['src/x.ts:1 no'] },
      ],
    },
    {
      name: 'what is behind a short cut',
      source: 'const f = (a, b) => (a && b) || 5;',
      calls: [
        { args: [1, 2], result: 2, branches: ['src/x.ts:1 &&'] },
        { args: [0, 2], result: 5, branches: ['src/x.ts:1 ||'] },
      ],
    },
    {
      name: 'cases and loops',
      source:
        'function f(a) {\n let s = 0;\n for (const x of a)\n  switch (x) {\n   case 1: s += 1; break;\n   default: s += 2;\n  }\n return s;\n}',
      calls: [
        { args: [[]], result: 0, branches: [] },
        {
          args: [[1, 7]],
          result: 3,
          branches: ['src/x.ts:5 case', 'src/x.ts:6 default', 'src/x.ts:3 loop'],
        },
      ],
    },
  ];
  for (const { name, source, calls } of cases) {
    it(`tell ${name}, and change nothing`, () => {
      for (const { args, result, branches } of calls) {
        expect(taken(source, ...args)).toEqual({ result, branches });
      }
    });
  }
});
