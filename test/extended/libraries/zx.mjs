/** Prints what zx's shell does when a Sandbox starts its commands. */
import { Sandbox } from 'seccomp';
import { $ } from 'zx';

const { spawn, spawnSync } = new Sandbox({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['chdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
});
const changesDirectory = 'cd / 2>/dev/null && echo changed || echo denied';
const plain = $({ quiet: true });
const shell = $({ spawn, quiet: true });
const failure = (command) => command.then(() => undefined).catch(({ exitCode, signal }) => ({ exitCode, signal }));
const sleeping = shell`sleep 60`;
const killed = failure(sleeping);
await sleeping.kill('SIGKILL'); // zx finds the processes to kill by ps(1).
console.log(
  JSON.stringify({
    plain: (await plain`sh -c ${changesDirectory}`).stdout,
    confined: (await shell`sh -c ${changesDirectory}`).stdout,
    synchronous: $({ spawn, spawnSync, sync: true, quiet: true })`sh -c ${changesDirectory}`.stdout,
    piped: (await shell`echo a`.pipe(shell`tr a b`)).stdout,
    withInput: (await shell({ input: 'typed' })`cat`).stdout,
    exitCode: (await shell({ nothrow: true })`exit 3`).exitCode,
    unknown: await failure(shell`no-such-command`),
    timedOut: await failure(shell({ timeout: 100 })`sleep 60`),
    killed: await killed,
  }),
);
