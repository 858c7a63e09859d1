// Builds dist/ from lib/: what `npm run build:ts` runs.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true }); // What has lost its source does not stay.
const { status, error } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (error !== undefined) console.error(`seccomp: tsc does not start (${error.message}): run this as npm run build:ts`);
// npm does this once, when it links the command; a later build must do so itself.
if (status === 0) chmodSync('dist/cli/main.js', 0o755);
process.exitCode = status ?? 1;
