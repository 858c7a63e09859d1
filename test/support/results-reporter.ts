/** Writes the results of a run for scripts/checks/run.mjs. */
import type { Reporter, TestModule } from 'vitest/node';
import { writeResults } from '../../scripts/checks/write-results.mjs';

export default class ResultsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly { readonly message: string }[]): void {
    const count = (state: 'passed' | 'skipped') =>
      modules.flatMap((module) => [...module.children.allTests(state)]).length;
    const others = errors.map(({ message }) => ({ test: 'no test', message }));
    writeResults({
      passed: count('passed'),
      skipped: count('skipped'),
      failures: [...modules.flatMap(failuresOf), ...others],
    });
  }
}

function failuresOf(module: TestModule) {
  const file = module.relativeModuleId;
  const hasEnded = module.state() !== 'pending' && module.state() !== 'queued';
  const errors = [module, ...module.children.allSuites()].flatMap((each) => each.errors());
  const ofFile = [...errors.map(({ message }) => message), ...(hasEnded ? [] : ['did not end'])];
  const failed = [...module.children.allTests('failed')];
  return [
    ...ofFile.map((message) => ({ test: file, message })),
    ...failed.map((test) => ({
      test: `${file}: ${test.fullName}`,
      message:
        test
          .result()
          .errors?.map(({ message }) => message)
          .join('\n') ?? '',
    })),
  ];
}
