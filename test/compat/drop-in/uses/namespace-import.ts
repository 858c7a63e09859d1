/** The whole module, as a parameter with a default: so tests replace it. */
import * as childProcess from 'node:child_process';

type Execute = typeof childProcess.execFileSync;

function architecture(execute: Execute = childProcess.execFileSync): string {
  return execute('uname', ['-s'], { encoding: 'utf8' }).trim();
}

export const use = () => [architecture(), architecture(childProcess.execFileSync)];
