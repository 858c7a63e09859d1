/** Runs children to their end. */
import { type ChildProcess, execFileSync, spawn as nodeSpawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import type { FilterSource } from '../../lib/sandbox/plan/resolve-sources.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { interpreter } from './python.js';

/** The output and the end of a child. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program under a profile and waits for its end. */
export function run(
  command: string,
  args: readonly string[],
  profile: FilterSource,
  options: SpawnOptions = {},
): Promise<Run> {
  return finish(spawn(command, args, profile, options));
}

/** Starts a program by node:child_process, without a profile, and waits for its end. */
export function runUnfiltered(command: string, args: readonly string[]): Promise<Run> {
  return finish(nodeSpawn(command, args));
}

/** Waits for a child's `close`. */
export function finish(child: ChildProcess): Promise<Run> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}

/** Blocks this thread until a child has ended. Does not reap it. */
export function blockUntilEnd({ pid }: { readonly pid?: number | undefined }): void {
  const wait = 'import os, select, sys; p = select.poll(); p.register(os.pidfd_open(int(sys.argv[1]))); p.poll()';
  execFileSync(interpreter(), ['-S', '-c', wait, String(pid)]);
}

/** The lines of `/proc/PID/status` by name. */
export function statusOf(pid: number | 'self'): ReadonlyMap<string, string> {
  return parseStatus(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

export function parseStatus(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** The command lines of this process's children. */
function children(): readonly string[] {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return ''; // The process has ended meanwhile.
    }
  };
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const ours = processes.filter((pid) => read(`/proc/${pid}/status`).includes(`PPid:\t${process.pid}\n`));
  return ours.map((pid) => read(`/proc/${pid}/cmdline`));
}

/** The command lines of the launchers among them, which end with the children that they serve. */
export const launchers = () => children().filter((command) => command.includes('seccomp-launch'));

/** The descriptors of this process, among them that by which they are listed. */
export const descriptors = (): readonly string[] => readdirSync('/proc/self/fd');
