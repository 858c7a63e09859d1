/** The main job in an ES module in TypeScript. */
import * as sandbox from 'seccomp';
import { mainJob } from './job.mjs';

const filter: sandbox.Filter = sandbox.compile('docker-default');
// @ts-expect-error the profile is missing
sandbox.spawn satisfies (command: string) => void;
if (filter.instructions.length > 0) await mainJob(sandbox);
