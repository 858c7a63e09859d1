import { execFileSync } from 'node:child_process';
import { once } from '../../lib/util/memo.js';

/** The path of the interpreter itself: `python3` may be a script, which takes long and makes calls of its own. */
export const interpreter = once(() =>
  execFileSync('python3', ['-S', '-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim(),
);
