#!/bin/node
/**
 * Starts programs one after the other as `user`, and prints the result of each. Standard input: { home, user, starts }.
 * Each of `starts` has a file, args and options of spawnSync. Of a start that fails, the message is the result.
 */
import { spawnSync as spawnUnconfined } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { user, ...input } = JSON.parse(readFileSync(0, 'utf8'));
if (user === undefined) process.stdout.write(JSON.stringify(await startAll(input)));
else {
  const { stdout, stderr } = spawnUnconfined(process.execPath, [fileURLToPath(import.meta.url)], {
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
