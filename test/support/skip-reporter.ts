/**
 * Prints at the end of a run why tests were skipped: Vitest itself prints the reasons only if a run has a single file. A
 * test that is skipped without a reason fails the run.
 */
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/** The number of tests that are listed below a reason. */
const MOST_LISTED = 10;

export class SkipReporter implements Reporter {
  /** Whether tests may be skipped because they were not selected: by `-t`. */
  #isSelection = false;

  onInit({ config }: Vitest): void {
    this.#isSelection = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    const unexplained = skipped.filter((test) => reasonOf(test) === undefined);
    for (const reason of new Set(skipped.map(reasonOf))) {
      if (reason === undefined) continue;
      console.log(`\nSkipped: ${reason}\n${listOf(skipped.filter((test) => reasonOf(test) === reason))}`);
    }
    if (unexplained.length === 0 || this.#isSelection) return;
    console.error(`\nFailed: tests are skipped without a reason; use skip(reason)\n${listOf(unexplained)}`);
    process.exitCode = 1;
  }
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' ? result.note?.trim().split('\n')[0] : undefined;
}

function listOf(tests: readonly TestCase[]): string {
  const lines = tests.slice(0, MOST_LISTED).map((test) => `  ${test.module.relativeModuleId}: ${test.fullName}`);
  const others = tests.length - lines.length;
  return [...lines, ...(others > 0 ? [`  and ${others} more`] : [])].join('\n');
}
