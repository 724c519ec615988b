import { describe, expect, it } from 'vitest';
import { checkNode } from '../../../src/cli/node-version.ts';

describe('the version of Node', () => {
  for (const version of ['20.12.0', '20.20.2', '22.0.0', '26.10.0']) {
    it(`${version} will do`, () => expect(() => checkNode(version)).not.toThrow());
  }
  for (const version of ['18.20.8', '20.11.1', '16.0.0']) {
    it(`${version} will not, and what to do is said`, () => {
      expect(() => checkNode(version)).toThrow(
        `This is Node ${version}, and Earshot needs 20.20.2 or later. Install a newer one`,
      );
    });
  }
});
