/** A library as its author writes it: no casts, no declared types, strict settings. */
import { run, spawn, spawnSync } from 'seccomp';
import imported from './profile.json' with { type: 'json' };

const literal = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['execve'], action: 'SCMP_ACT_ERRNO' }] };

const child = spawn('echo', ['streams'], imported);
child.stdout.pipe(process.stdout);
child.on('close', () => {
  console.log(spawnSync('echo', ['text'], literal, { encoding: 'utf8' }).stdout.trimEnd());
});
run('echo', ['promise'], [literal, imported]).then(({ stdout }) => console.log(stdout.trimEnd()));
