import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Writes to the file named by COUNTS_FILE what the default reporter leaves out: why each skipped test
 * was skipped, and as the last line the counts. A file or suite that fails outside its tests, and an
 * error that nothing caught, count as one failure each: none of them may look like success.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const lines: string[] = [];
    let passed = 0;
    let failed = unhandled.length;
    let skipped = 0;
    for (const file of modules) {
      failed += file.errors().length;
      for (const suite of file.children.allSuites()) failed += suite.errors().length;
      for (const test of file.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        else if (result.state === 'failed') failed++;
        else {
          skipped++;
          const note = result.state === 'skipped' ? result.note : undefined;
          lines.push(
            `skipped: ${file.relativeModuleId} > ${test.fullName}: ${note ?? 'no reason'}`,
          );
        }
      }
    }
    lines.push(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    const path = process.env['COUNTS_FILE'];
    if (path !== undefined) writeFileSync(path, `${lines.join('\n')}\n`);
  }
}
