#!/bin/node
/**
 * Starts programs one after the other, and prints the result of each. Standard input: { home, user, under, starts }. If
 * they are given, this runs as `user`, and `under` is a command, with its arguments, that starts this. Each of `starts` has a file, args and options of spawnSync. Of a start that fails, the message is the result.
 */
import { spawnSync as spawnUnconfined } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { user, under = [], ...input } = JSON.parse(readFileSync(0, 'utf8'));
if (user === undefined && under.length === 0) process.stdout.write(JSON.stringify(await startAll(input)));
else {
  const [command, ...args] = [...under, process.execPath, fileURLToPath(import.meta.url)];
  const { stdout, stderr } = spawnUnconfined(command, args, {
    ...{ uid: user, gid: user, cwd: '/', input: JSON.stringify(input), encoding: 'utf8' },
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
}

async function startAll({ home, starts }) {
  const { spawnSync } = await import(home);
  return starts.map(({ file, args, options }) => {
    try {
      const { stdout, stderr, error } = spawnSync(file, args, 'unconfined', { encoding: 'utf8', ...options });
      return error ? error.message : stdout + stderr;
    } catch (error) {
      return error.message;
    }
  });
}
