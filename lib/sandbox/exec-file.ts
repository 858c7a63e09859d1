/** execFile and execFileSync, in the terms of spawn and spawnSync: output by callback, errors as Node makes them. */
import { getSystemErrorName } from 'node:util';
import { at, callSite, fromCaller } from '../util/caller.js';
import type { SandboxedProcess } from './child.js';
import { Collector, type CollectorSettings, overflowError } from './collect.js';
import type { Callback } from './signatures.js';
import type { SpawnSyncResult } from './spawn-sync.js';

/** Calls back once, with what the child wrote, when it has ended or could not be started. `command` is what was to run. */
export function callBack(
  child: SandboxedProcess,
  command: readonly string[],
  settings: CollectorSettings,
  callback: Callback | undefined,
): void {
  const collector = new Collector(child, settings);
  const site = callSite();
  let called = false;
  const end = (error: Error | null) => {
    if (called) return;
    called = true;
    collector.finish();
    const failure = collector.overflow === undefined ? error : (error ?? overflowError(collector.overflow));
    const told = failure === null ? null : Object.assign(at(site, failure), { cmd: command.join(' ') });
    callback?.(told, collector.output('stdout'), collector.output('stderr'));
  };
  child.on('close', (code: number | null, signal: NodeJS.Signals | null) => {
    if (collector.overflow !== undefined || (code === 0 && signal === null)) return end(null);
    const what = `${command.join(' ')}\n${collector.output('stderr')}`;
    end(commandFailed(what, { ...ending(code, child, collector), signal }));
  });
  child.on('error', (error) => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    end(error);
  });
}

function ending(code: number | null, child: SandboxedProcess, collector: Collector) {
  return {
    code: code !== null && code < 0 ? getSystemErrorName(code) : code,
    killed: child.killed || collector.stopped,
  };
}

/** What execFileSync and execSync give: the output. `command` is what their error names. */
export function outputOf(result: SpawnSyncResult, command: string, stderrIsPassedOn: boolean): string | Buffer | null {
  if (stderrIsPassedOn && result.stderr !== null) process.stderr.write(result.stderr);
  if (result.error !== undefined) throw Object.assign(result.error, result);
  const told = result.stderr !== null && result.stderr.length > 0 ? `\n${result.stderr}` : '';
  if (result.status !== 0) throw commandFailed(`${command}${told}`, result);
  return result.stdout;
}

function commandFailed(what: string, properties: object): Error {
  return fromCaller(Object.assign(new Error(`Command failed: ${what}`), properties));
}
