/**
 * What the filters that are on this process decide, whoever put them on: `decisions ask CALLS` prints an answer for each call.
 * `decisions spawn CALLS PROFILE` has the same asked by a Node under our filter. Bundled into one file, for containers.
 *
 * Below the filters nothing can be put any more, so a filter above them asks a tracer for each call: an errno is stricter
 * than that, and where the tracer is asked the filters below allow. Nothing is carried out; see native/probe.cc.
 */
import { readFileSync } from 'node:fs';
import { compile } from '../../lib/filter/compile.js';
import { features, thisHost } from '../../lib/host.js';
import { addon } from '../../lib/native.js';
import { loadProfile } from '../../lib/profile/load.js';
import { filterRequest, spawn } from '../../lib/sandbox/spawn.js';
import { abiOf } from '../../lib/syscalls/abi.js';

const TRACED = 3;
const RETURNED = 0;
/** None of the profiles' messages. */
const MESSAGE = 0xbeef;

const [command = '', calls = '', profile = ''] = process.argv.slice(2);
if (command === 'ask') ask(calls);
else under(profile, calls);

function ask(calls: string): void {
  const action = { kind: 'trace', message: MESSAGE } as const;
  const abis = [{ abi: abiOf(thisHost().abi), syscalls: new Map<number, never>() }];
  const base = compile({ abis, defaultAction: action, foreignAction: action }, { gate: ['seccomp', 'exit_group'] });
  const words = new BigUint64Array(new Uint8Array(readFileSync(calls)).buffer);
  const answers = addon().probe({ ...filterRequest([base], {}), noNewPrivileges: true }, words, true);
  if ('error' in answers) throw new Error(`${answers.call}: errno ${answers.error}`);
  const told: (number | string)[] = [];
  for (let i = 0; i < answers.length; i += 2) told.push(inWords(answers[i] ?? 0, answers[i + 1] ?? 0));
  console.log(JSON.stringify(told));
}

/** An errno by its number, or a word. */
function inWords(kind: number, value: number): number | string {
  if (kind === TRACED) return value === MESSAGE ? 'allowed' : 'traced';
  return kind === RETURNED ? -value : 'killed';
}

/** As container runtimes read profiles, for the capabilities that the container has. */
function under(file: string, calls: string): void {
  const source = file.includes('/') ? loadProfile(file, { mode: 'compat' }) : file;
  const { capabilities } = features().self;
  const self = process.argv[1] ?? '';
  const child = spawn(process.execPath, [self, 'ask', calls], source ?? 'unconfined', {
    capabilities,
    stdio: 'inherit',
  });
  child.on('error', (error) => {
    throw error;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1;
  });
}
