/** The text of a profile: its JSON, and what is said of that. */
import type { ProfileIssue } from '../../errors.js';
import { structuralKey } from '../../util/structural-key.js';
import { MOST_FINDINGS, type Remark, shown } from '../document/diagnostics.js';
import { withoutRepeats } from '../document/repeated-keys.js';
import { JsonSyntaxError, parseJson } from './parser.js';
import { placer } from './positions.js';

/** What a text is, or why it is no JSON. */
export interface ReadJson {
  readonly value: unknown;
  readonly remarks: readonly Remark[];
  readonly issue: ProfileIssue | undefined;
}

/** Reads JSON as Go does, and finds keys that stand twice. */
export function readJson(text: string): ReadJson {
  const remarks = new Map<string, Remark>();
  const add = (remark: Remark) => {
    if (remarks.size > MOST_FINDINGS) return;
    remarks.set(structuralKey([...remark.keys, remark.weight]), remark);
  };
  const repeats = (keys: Remark['keys']) =>
    add({ keys, weight: 'mistake', message: `the key ${shown(keys.at(-1))} stands here twice` });
  try {
    const parsed = parseJson(text, { repeats });
    const value = withoutRepeats(parsed.value, parsed.entries, add);
    return { value, remarks: [...remarks.values()], issue: undefined };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return {
      value: undefined,
      remarks: [],
      issue: { severity: 'error', path: '', message: error.message, ...placer(text)(error.offset) },
    };
  }
}
