/**
 * Boots Debian with systemd under qemu-system, and runs scripts there: as root, as an ordinary user with a manager, and in
 * containers of podman. scripts/checks/arch-test.sh makes the root directory, and guest/ has what is added to it.
 */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crossCompile } from '../guest.js';
import { builtFor, keptFor, kernelOf, type Machine } from '../machines.js';
import { obstacleToScripts } from '../scripts.js';

/** In the guest: a script of this checkout, the program of usage.c, and the command of this package. */
export const SCENARIO = '/srv/app/scenario.mjs';
export const USAGE = '/usr/bin/usage';
export const COMMAND = 'node /srv/app/node_modules/seccomp/dist/cli/main.js';

/** Timeout for the machine, which needs three minutes. */
export const PATIENCE_MS = 1_200_000;

/** What a step did. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The root directory, as an initramfs that has it in /system. */
const rootOf = (machine: Machine) => join(keptFor(machine), 'systemd.cpio');

/** The reason why it can't be booted; undefined if it can. */
export function obstacleToSystemd(machine: Machine): string | undefined {
  const root = rootOf(machine);
  return obstacleToScripts(machine) ?? (existsSync(root) ? undefined : `there is no ${root}`);
}

/**
 * Boots the machine, and runs shell scripts one after the other. They can use `as-user` and `in-container`.
 * @throws Error with the guest's console if the guest ends before all are done.
 */
export async function runUnderSystemd(machine: Machine, steps: readonly string[]): Promise<readonly Outcome[]> {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-systemd-'));
  try {
    const [memory, console, answers] = ['initrd', 'console', 'answers'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeInitrd(machine, steps, join(directory, 'root'), memory);
    const args = [
      ...machine.options,
      ...['-smp', '2', '-m', '2048', '-nic', 'none', '-display', 'none', '-no-reboot'],
      ...['-kernel', kernelOf(machine).image, '-initrd', memory],
      ...['-append', `${machine.parameters} panic=-1 quiet systemd.show_status=0`],
      ...['-serial', `file:${console}`, '-serial', `file:${answers}`],
    ];
    await promisify(execFile)(machine.qemu, args, { timeout: PATIENCE_MS, killSignal: 'SIGKILL' });
    const outcomes = readFileSync(answers, 'utf8').split('\n').slice(0, -1).map(outcomeOf);
    if (outcomes.length === steps.length) return outcomes;
    const done = `${outcomes.length} of ${steps.length} steps were run`;
    throw new Error(`${done}. The console:\n${readFileSync(console, 'utf8')}\n${JSON.stringify(outcomes)}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function outcomeOf(line: string): Outcome {
  const [status, ...outputs] = line.split(' ');
  const [stdout = '', stderr = ''] = outputs.map((text) => Buffer.from(text, 'base64').toString());
  return { status: Number(status), stdout, stderr };
}

/** Writes the root directory, and behind it an archive of what is added: the kernel unpacks both. */
function writeInitrd(machine: Machine, steps: readonly string[], added: string, file: string): void {
  const local = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const system = join(added, 'system');
  const units = join(system, 'etc/systemd/system');
  const app = join(system, 'srv/app');
  for (const folder of [`${units}/multi-user.target.wants`, app, `${system}/srv/steps`, `${system}/usr/bin`])
    mkdirSync(folder, { recursive: true });
  cpSync(local('guest/init'), join(added, 'init'));
  cpSync(join(keptFor(machine), 'busybox'), join(added, 'busybox'));
  cpSync(local('guest'), join(system, 'srv/guest'), { recursive: true });
  symlinkSync('/srv/guest/steps.service', join(units, 'steps.service'));
  symlinkSync('/srv/guest/steps.service', join(units, 'multi-user.target.wants/steps.service'));
  cpSync(join(builtFor(machine), 'node/bin/node'), join(system, 'usr/bin/node'));
  cpSync(join(builtFor(machine), 'package'), join(app, 'node_modules/seccomp'), { recursive: true });
  cpSync(local('../../process-tree/limits/scenario.mjs'), join(system, SCENARIO));
  const usage = new URL('../../process-tree/limits/usage.c', import.meta.url);
  crossCompile(machine, machine.abis[0], usage, join(system, USAGE));
  for (const [i, step] of steps.entries()) writeFileSync(join(system, 'srv/steps', String(i).padStart(4, '0')), step);
  const archive = 'cp "$0" "$1" && find . | cpio --quiet --create --format=newc --owner=0:0 >>"$1"';
  execFileSync('sh', ['-c', archive, rootOf(machine), file], { cwd: added });
}
