#!/bin/node
/**
 * Starts `paths attack` once for each of `runs`, and prints what each reached, and what is enforced. Standard input:
 * { home, program, launcher, user, owner, runs }. Each of `runs` has a profile and options of spawn, in which DIRECTORY
 * stands for the directory of the files, which belong to `owner`.
 *
 * First starts itself again by `paths outside`, which makes the files, and gives it a socket as descriptor 9; as `user`.
 * `launcher` is a program with arguments that starts `paths outside`, or empty.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

if (process.argv[1] === import.meta.filename) {
  const input = JSON.parse(readFileSync(0, 'utf8'));
  process.stdout.write(input.directory === undefined ? attack(input) : JSON.stringify(await attackAll(input)));
}

/** What this program prints for its input. */
export function attack({ user, owner, launcher = [], ...rest }) {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-paths-'));
  try {
    const copied = (file, name) => {
      const copy = join(directory, name);
      copyFileSync(file, copy);
      chmodSync(copy, 0o755);
      return copy;
    };
    const program = copied(rest.program, 'program');
    const first = launcher.map((word, i) => (i === 0 ? copied(word, 'launcher') : word));
    chmodSync(directory, 0o755);
    if (process.getuid() === 0) chownSync(directory, owner, owner);
    const node = [process.execPath, import.meta.filename];
    const [command, ...args] = [...first, program, 'outside', directory, String(owner), ...node];
    const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
      input: JSON.stringify({ ...rest, program, directory }),
      ...{ encoding: 'utf8', cwd: '/', uid: user, gid: user },
    });
    if (status !== 0) throw new Error(`paths outside: ${error ?? signal ?? status}: ${stderr}`);
    return stdout;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function attackAll({ home, program, directory, runs }) {
  const { spawn } = await import(home);
  const inherited = openSync(`${directory}/read/file`, 'r');
  const results = [];
  for (const run of runs) {
    const { profile, ...options } = JSON.parse(JSON.stringify(run).replaceAll('DIRECTORY', directory));
    const child = spawn(program, ['attack', directory, String(process.ppid)], profile, {
      ...{ cwd: '/', stdio: [inherited, 'pipe', 'inherit', ...Array(6).fill('ignore'), 9] },
      ...options,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    const [code, signal] = await once(child, 'close');
    if (code !== 0) throw new Error(`paths attack ended with ${code ?? signal} after: ${text}`);
    results.push({ ways: waysOf(text), enforcement: child.enforcement });
  }
  return results;
}

/** `read a file: 13` → { 'read a file': 13 } */
function waysOf(text) {
  const lines = text.split('\n').slice(0, -1);
  return Object.fromEntries(
    lines.map((line) => /^(.*): (\d+)$/.exec(line).slice(1)).map(([way, n]) => [way, Number(n)]),
  );
}
