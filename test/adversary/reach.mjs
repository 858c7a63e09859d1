#!/bin/node
/**
 * Starts programs that try to reach this process and another child of it, and prints what they reached. Standard input:
 * { home, reach, user, runs }. Each of `runs` has options of spawn, and may have `listener`: the number of attempts to
 * take the supervisor's listener. With `user`, starts itself again as that user: a process that changed its user is not
 * dumpable, and so can't be reached by some of the ways.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const ALLOW_ALL = { defaultAction: 'SCMP_ACT_ALLOW' };
/** Supervision takes effect only if the profile denies something. */
const DENY_ONE = { ...ALLOW_ALL, syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] };

const input = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(input.user === undefined ? JSON.stringify(await reachAll(input)) : again(input));

function again({ user, ...rest }) {
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    ...{ uid: user, gid: user, cwd: '/', input: JSON.stringify(rest), encoding: 'utf8' },
  });
  if (status !== 0) throw new Error(`as user ${user}: ${error ?? signal ?? status}: ${stderr}`);
  return stdout;
}

async function reachAll({ home, reach, runs }) {
  const { spawn } = await import(home);
  const socket = `seccomp-reach-${process.pid}`;
  const server = createServer().listen(`\0${socket}`); // A name in the abstract namespace, without a file.
  await once(server, 'listening');
  const sibling = spawn(reach, [], ALLOW_ALL, { stdio: ['pipe', 'ignore', 'inherit'] });
  const results = [];
  for (const { listener, ...options } of runs) {
    const attack = async (...args) => {
      // Not this process's own standard error: a console is a terminal.
      const child = spawn(reach, args.map(String), DENY_ONE, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
      child.stderr.pipe(process.stderr, { end: false });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
      return { text, enforcement: child.enforcement };
    };
    if (listener !== undefined) {
      const { text, enforcement } = await attack(process.pid, 'listener', listener);
      results.push({ taken: Number(text), enforcement });
      continue;
    }
    const parent = await attack(process.pid, socket);
    const other = await attack(sibling.pid);
    results.push({ parent: waysOf(parent.text), sibling: waysOf(other.text), enforcement: parent.enforcement });
  }
  sibling.kill('SIGKILL');
  server.close();
  return results;
}

/** `pidfd_getfd 1` → { pidfd_getfd: 1 } */
function waysOf(text) {
  const lines = text.split('\n').slice(0, -1);
  return Object.fromEntries(
    lines.map((line) => /^(.*) (\d+)$/.exec(line).slice(1)).map(([way, n]) => [way, Number(n)]),
  );
}
