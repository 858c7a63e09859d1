/** The main job in an ES module. */
import * as sandbox from 'seccomp';
import { mainJob } from './job.mjs';

await mainJob(sandbox);
