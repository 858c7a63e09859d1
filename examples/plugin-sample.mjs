// A plugin: uses what the host offers, and then tries to do more.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export default async function main({ readFile }) {
  const [firstLine] = (await readFile('license')).split('\n');
  return {
    license: firstLine,
    secrets: await readFile('secrets').catch(({ message }) => message),
    file: codeOf(() => readFileSync('/etc/passwd')),
    program: spawnSync('true').error?.code,
    network: await fetch('http://127.0.0.1').catch(({ cause }) => cause?.code),
  };
}

function codeOf(action) {
  try {
    action();
  } catch ({ code }) {
    return code;
  }
}
