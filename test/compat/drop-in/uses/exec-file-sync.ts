/** The version of a tool, read once at startup. */
import { execFileSync } from 'node:child_process';

function version(tool: string): string | undefined {
  try {
    return execFileSync(tool, ['version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

export const use = () => [version('echo'), version('no-such-tool'), execFileSync('echo', ['bytes']).length];
