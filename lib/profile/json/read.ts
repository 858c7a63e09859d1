/** The text of a profile: its JSON, and what is said of that. */
import type { ProfileIssue } from '../../errors.js';
import type { Path } from '../../util/own-data.js';
import { structuralKey } from '../../util/structural-key.js';
import { MOST_DIAGNOSTICS, type Problem, shown } from '../document/diagnostics.js';
import { withoutRepeats } from '../document/repeated-keys.js';
import { JsonSyntaxError, parseJson } from './parser.js';
import { placer } from './positions.js';

/** What a text is, or why it is no JSON. */
export interface ReadJson {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly issue: ProfileIssue | undefined;
}

/** Reads JSON as Go does, and finds keys that stand twice. */
export function readJson(text: string): ReadJson {
  const problems = new Map<string, Problem>();
  const report = (problem: Problem) => {
    if (problems.size > MOST_DIAGNOSTICS) return;
    problems.set(structuralKey([...problem.path, problem.kind]), problem);
  };
  const repeats = (path: Path) =>
    report({ kind: 'mistake', path, message: `the key ${shown(path.at(-1))} stands here twice` });
  try {
    const parsed = parseJson(text, { repeats });
    const value = withoutRepeats(parsed.value, parsed.entries, report);
    return { value, problems: [...problems.values()], issue: undefined };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return {
      value: undefined,
      problems: [],
      issue: { severity: 'error', path: '', message: error.message, ...placer(text)(error.offset) },
    };
  }
}
