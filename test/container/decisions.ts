/**
 * Prints the decisions of the filters that are attached to this process: `decisions ask CALLS` prints a line for each
 * call. `decisions spawn CALLS PROFILE` does the same in a Node under this package's filter. Bundled into one file, for
 * containers.
 */
import { readFileSync } from 'node:fs';
import { features } from '../../lib/host.js';
import { loadProfile } from '../../lib/profile/source.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { outerDecisions } from '../support/outer-filters.js';

const [command = '', calls = '', profile = ''] = process.argv.slice(2);
if (command === 'ask') ask(calls);
else under(profile, calls);

function ask(calls: string): void {
  const registers = new BigUint64Array(new Uint8Array(readFileSync(calls)).buffer);
  console.log(JSON.stringify(outerDecisions(registers)));
}

/** Reads profiles as container runtimes do, for the capabilities of the container. */
function under(file: string, calls: string): void {
  const source = file.includes('/') ? loadProfile(file, { mode: 'compat' }) : file;
  const { capabilities } = features().self;
  const self = process.argv[1] ?? '';
  const child = spawn(process.execPath, [self, 'ask', calls], source ?? 'unconfined', {
    capabilities,
    isolate: false, // It denies calls that the profile allows.
    stdio: 'inherit',
  });
  child.on('error', (error) => {
    throw error;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1;
  });
}
