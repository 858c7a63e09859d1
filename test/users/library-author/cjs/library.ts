/** A library that TypeScript compiles to CommonJS. */
import { type RunResult, run } from 'seccomp';

export const greet = (): Promise<RunResult> => run('echo', ['hello'], 'docker-default');
