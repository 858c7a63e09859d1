#!/bin/node
/**
 * Starts programs one after the other, and prints the result of each. Standard input: { home, starts }. Each of `starts`
 * has a file, args and options of spawnSync. Of a start that fails, the message is the result.
 */
import { readFileSync } from 'node:fs';

const { home, starts } = JSON.parse(readFileSync(0, 'utf8'));
const { spawnSync } = await import(home);
const results = starts.map(({ file, args, options }) => {
  try {
    const { stdout, stderr, error } = spawnSync(file, args, 'unconfined', { encoding: 'utf8', ...options });
    return error ? error.message : stdout + stderr;
  } catch (error) {
    return error.message;
  }
});
process.stdout.write(JSON.stringify(results));
