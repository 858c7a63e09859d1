/** A formatter that reads source text from its standard input. */
import { spawnSync } from 'node:child_process';

export function format(source: string): string {
  const { status, stdout, stderr, error } = spawnSync('tr', ['a-z', 'A-Z'], { input: source, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`the formatter failed: ${stderr.trim()}`);
  return stdout;
}

export const use = () => format('const answer = 42;');
