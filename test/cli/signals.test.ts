/**
 * COMMAND gets each signal once: those that its terminal sends to all in the foreground, and those that are meant for it. The
 * command stops and continues with it.
 */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listenToSignals } from '../../lib/cli/listen-to-signals.js';
import { addon } from '../../lib/native.js';
import { main } from '../support/built.js';
import { obstacleTo } from '../support/commands.js';
import { describeUnless } from '../support/describe-unless.js';
import { interpreter } from '../support/python.js';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const { SIGINT, SIGUSR2 } = constants.signals;

describeUnless(obstacleTo('python3'), 'in a terminal, COMMAND gets', () => {
  /** Sends a signal in a way. Returns how many COMMAND got, and the status of the command. */
  function signaled(stdin: string, way: string, signal: string): string {
    const run = [main, 'run', '-p', 'docker-default', '--timeout', '1h', '--'];
    const command = [process.execPath, ...run, interpreter(), file('count-signals.py')];
    const { stdout, stderr } = spawnSync('python3', [file('in-terminal.py'), stdin, way, signal, ...command], {
      timeout: 20_000,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.trim();
  }

  test.each([
    ['terminal', 'key', 'SIGINT'],
    ['terminal', 'key', 'SIGQUIT'],
    ['terminal', 'kill', 'SIGINT'],
    ['terminal', 'kill', 'SIGQUIT'],
    ['null', 'key', 'SIGINT'],
    ['null', 'key', 'SIGQUIT'],
    ['null', 'kill', 'SIGINT'],
    ['null', 'kill', 'SIGQUIT'],
  ])('once, with stdin %s, by %s: %s', (stdin, way, signal) => {
    expect(signaled(stdin, way, signal)).toBe('1 0');
  });
});

const ITSELF = 'os.kill(0, signal.SIGTSTP)';
const BY_KEY = "print('ready', flush=True)\nsignal.sigwait({signal.SIGCONT})";
const WAITS = "print('ready', flush=True)\nsignal.sigwait({signal.SIGTSTP})";
/** Only a guardian stops it. When it has stopped, no signal of the guardian can follow that of the shell, and stop COMMAND again. */
const IN_ANOTHER_SESSION = `
ready, is_ready = os.pipe()
if os.fork() == 0:
  os.setsid()
  os.write(is_ready, b' ')
  signal.pause()
os.read(ready, 1)
`;
const BY_CHILD = `
if (child := os.fork()) == 0:
  for _ in range(20):
    os.kill(os.getppid(), signal.SIGSTOP)
    while open(f'/proc/{os.getppid()}/stat').read().rsplit(') ', 1)[1][0] != 'T': pass
    os.kill(os.getppid(), signal.SIGCONT)
  os._exit(0)
os.waitpid(child, 0)`;

describeUnless(obstacleTo('python3'), 'as the job of a shell, the command', () => {
  test.each([
    ['stops with COMMAND, which stops its process group', 'terminal', IN_ANOTHER_SESSION + ITSELF, 1],
    ['stops with COMMAND for Ctrl-Z', 'terminal', IN_ANOTHER_SESSION + BY_KEY, 1],
    ['goes on with COMMAND, which does not stop for Ctrl-Z', 'terminal', WAITS, 0],
    ['goes on without a terminal, although COMMAND is stopped', 'none', BY_CHILD, 0],
  ])('%s', (_what, stdin, program, stops) => {
    const code = `import os, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT${program === WAITS ? ', signal.SIGTSTP' : ''}})\n${program}`;
    const run = [process.execPath, main, 'run', '-p', 'docker-default', '--timeout', '1h', '--'];
    const { stdout, stderr } = spawnSync('python3', [file('as-job.py'), stdin, ...run, interpreter(), '-c', code], {
      timeout: 20_000,
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual([`result: ${stops} 0\n`, '']);
  });
});

describe('the sender of a signal', () => {
  const listen = (signal: NodeJS.Signals) => {
    return new Promise((resolve) => {
      const stop = listenToSignals([signal], (...received) => resolve(received));
      onTestFinished(stop);
    });
  };

  test('is not the terminal, if it is a process', async () => {
    const received = listen('SIGINT');
    process.kill(process.pid, 'SIGINT');
    expect(await received).toEqual(['SIGINT', false]);
  });

  test('is watched by a handler that ends with the listeners', () => {
    listenToSignals(['SIGQUIT'], () => {})();
    expect(process.listenerCount('SIGQUIT')).toBe(0);
    expect(addon().watchSender(SIGUSR2)).toBe(constants.errno.EINVAL);
  });

  test('is asked for by the number of a signal', () => {
    expect(addon().takeFromKernel(SIGINT)).toBe(false);
    for (const wrong of [0, 32, 64, -1, 1.5, '2', undefined])
      for (const name of ['watchSender', 'takeFromKernel'] as const)
        expect(() => addon()[name](wrong as number)).toThrow(TypeError);
  });
});
