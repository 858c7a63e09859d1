/** Preloaded: what the program starts by node:child_process runs under a Sandbox that denies chdir. See docs/reference/child-process.md#sandbox. */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { Sandbox } from 'seccomp';

const profile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['chdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
};
Object.assign(childProcess, new Sandbox(profile, { allowUnknownOptions: true }));
syncBuiltinESMExports();
