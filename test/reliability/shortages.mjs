/**
 * shortages.mjs DIST HOW SECRET OPTIONS SCRIPT: runs a shell script in one way, confined by options, as JSON, and by what the
 * defaults add. Prints `begun`, and then how that ended.
 */
import { readFileSync, writeSync } from 'node:fs';

const [dist, how, secret, given, script] = process.argv.slice(2);
const say = (text) => writeSync(1, `${text}\n`);
const command = ['sh', ['-c', script]];
const { paths } = JSON.parse(given);
const options = { profile: 'docker-default', ...(paths && { paths, descendants: 'kill' }) };
const reporting = { ...options, onViolation: true };

const STARTS = {
  spawn: async ({ spawn }) => {
    const child = spawn(...command, reporting);
    await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
    await child.treeEnded;
  },
  // As a program that would pass its arguments on to a Node.
  fork: async ({ fork }) => {
    const child = fork('module.mjs', { ...reporting, execPath: '/bin/sh', execArgv: ['-c', script] });
    await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
    await child.treeEnded;
  },
  spawnSync: ({ spawnSync }) => {
    const { error } = spawnSync(...command, options);
    if (error !== undefined) throw error;
  },
  run: ({ run }) => run(...command, reporting),
  execve: ({ execve }) => execve(...command, options),
  record: ({ record }) => record(...command, { paths: true }),
  harden: ({ harden }) => {
    harden('docker-default', { paths });
    try {
      readFileSync(secret);
    } catch {
      return;
    }
    say('could read a file');
  },
};

say('begun');
try {
  await STARTS[how](await import(dist));
  say('ended');
} catch (error) {
  // Without a code: the program has run, and failed by itself.
  say(
    `${error.code === undefined ? 'ended' : `refused ${error.code}`}: ${String(error.message).replaceAll('\n', ' ')}`,
  );
}
