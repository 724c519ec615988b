import { describe, expect, it } from 'vitest';
import { AssertionError, assert, SpyError, unreachable } from '../../../src/util/assert.ts';

it('an assertion throws when it fails, and only then', () => {
  expect(() => assert(true, 'never')).not.toThrow();
  expect(() => assert(false, 'the sky is green')).toThrow(AssertionError);
  expect(() => assert(false, 'the sky is green')).toThrow('the sky is green');
  expect(new AssertionError('x').name).toBe('AssertionError');
});

it('the unreachable says what was reached', () => {
  expect(() => unreachable('seven' as never)).toThrow(AssertionError);
  expect(() => unreachable('seven' as never)).toThrow('seven');
});

describe('an error for the operator', () => {
  it('has a code, a sentence, a status and a cause', () => {
    const cause = new Error('deeper');
    const error = new SpyError('PORT_IN_USE', 'Choose another.', { cause, exitStatus: 3 });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'SpyError',
      code: 'PORT_IN_USE',
      message: 'Choose another.',
      exitStatus: 3,
      cause,
    });
  });

  it('ends with status 1 unless said otherwise, and needs no cause', () => {
    const error = new SpyError('X', 'y');
    expect(error.exitStatus).toBe(1);
    expect('cause' in error).toBe(false);
  });
});
