/** Preloaded: what the program starts by node:child_process runs under a Sandbox that denies chdir, or another call. See docs/reference/child-process.md#sandbox. */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { Sandbox } from 'seccomp';

const profile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: [process.env.DENIED ?? 'chdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
};
// node:cluster needs handles.
const handles = process.env.HANDLES === 'true';
Object.assign(childProcess, new Sandbox(profile, { allowUnknownOptions: true, handles }));
syncBuiltinESMExports();
