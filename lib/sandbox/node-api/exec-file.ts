/** execFile and execFileSync, in the terms of spawn and spawnSync: output by callback, errors as Node makes them. */
import { getSystemErrorName } from 'node:util';
import { denialLines, hintAt } from '../../notify/denial-messages.js';
import { at, callSite, fromCaller } from '../../util/caller.js';
import { define, own } from '../../util/own-data.js';
import type { SandboxedProcess } from '../child/child-process.js';
import { OutputBuffer, type OutputLimits, overflowError } from '../child/output.js';
import type { SpawnSyncResult } from '../spawn-sync.js';
import type { Callback } from './overloads.js';

/** Calls back once, with what the child wrote, when it has ended or could not be started. `command` is what was to run. */
export function callBack(
  child: SandboxedProcess,
  command: readonly string[],
  settings: OutputLimits,
  callback: Callback | undefined,
): void {
  const collector = new OutputBuffer(child, settings);
  const site = callSite();
  let called = false;
  const end = (error: Error | null) => {
    if (called) return;
    called = true;
    collector.finish();
    const failure = collector.overflow === undefined ? error : (error ?? overflowError(collector.overflow));
    const told = failure === null ? null : define(at(site, failure), { cmd: command.join(' ') });
    callback?.(told, collector.output('stdout'), collector.output('stderr'));
  };
  child.on('close', (code: number | null, signal: NodeJS.Signals | null) => {
    if (collector.overflow !== undefined || (code === 0 && signal === null)) return end(null);
    const lines = child.isWatched ? [...denialLines(child), hintAt(code, signal, true)] : [];
    const what = withDenials(`${command.join(' ')}\n${collector.output('stderr')}`, lines);
    end(commandFailed(what, { ...ending(code, child, collector), signal }));
  });
  child.on('error', (error) => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    end(error);
  });
}

function ending(code: number | null, child: SandboxedProcess, collector: OutputBuffer) {
  return {
    code: code !== null && code < 0 ? getSystemErrorName(code) : code,
    killed: child.killed || collector.stopped,
  };
}

/** What execFileSync and execSync give: the output. `command` is what their error names. */
export function outputOf(result: SpawnSyncResult, command: string, stderrIsPassedOn: boolean): string | Buffer | null {
  if (stderrIsPassedOn && result.stderr !== null) process.stderr.write(result.stderr);
  const { error } = own(result);
  if (error !== undefined) throw define(error, result);
  const told = result.stderr !== null && result.stderr.length > 0 ? `\n${result.stderr}` : '';
  const denials = Object.hasOwn(result, 'violations')
    ? [
        ...denialLines({ violations: result.violations ?? [], unlistedViolations: result.unlistedViolations ?? 0 }),
        hintAt(result.status, result.signal, true),
      ]
    : [];
  if (result.status !== 0) throw commandFailed(withDenials(`${command}${told}`, denials), result);
  return result.stdout;
}

/** The text of an error as Node makes it, with the denied calls at its end, if somebody looked for them. */
function withDenials(text: string, denials: readonly string[]): string {
  const lines = denials.filter((line) => line !== '');
  return lines.length === 0 ? text : [text.trimEnd(), ...lines].join('\n');
}

function commandFailed(what: string, properties: object): Error {
  return fromCaller(define(new Error(`Command failed: ${what}`), properties));
}
