/** Iterates over the chunks of stdout. */
import { spawn } from 'node:child_process';

export async function use() {
  const { stdout } = spawn('seq', ['3']);
  let text = '';
  for await (const chunk of stdout) text += chunk;
  return text;
}
