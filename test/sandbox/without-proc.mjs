/**
 * Hides /proc, in a mount namespace of its own, from the guardian of a running child whose limits are sampled: by an empty file
 * system, and by the directory of a process that has ended. Prints how the children have ended.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { spawn } from 'seccomp';

const ends = [];
for (const covering of [
  ['-t', 'tmpfs', 'none'],
  ['--bind', '/proc/self/task'],
]) {
  const child = spawn('sleep', ['60'], 'docker-default', { limits: { processes: 9, exact: false }, stdio: 'ignore' });
  const end = { message: null, exit: null, rejected: null };
  child.on('error', ({ message }) => {
    end.message = message;
  });
  child.on('exit', (...status) => {
    end.exit = [...status, child.limit];
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  await once(child, 'spawn');
  execFileSync('mount', [...covering, '/proc']);
  await closed;
  execFileSync('umount', ['/proc']);
  await child.treeEnded.catch(({ message }) => {
    end.rejected = message;
  });
  ends.push(end);
}
console.log(JSON.stringify(ends));
