/** fork under the profiles of other projects: where Node does not start, an error says why, and what to do. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { fork } from '../../lib/sandbox/fork.js';
import { corpusFiles, corpusOn } from '../support/corpus.js';
import { describeUnless } from '../support/describe-unless.js';
import { isFiltered, packageRoot } from '../support/scripts.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const module = join(temporaryFolder('seccomp-fork-corpus-'), 'module.cjs');
writeFileSync(module, "process.send('started', () => process.disconnect())");

/** Under a few profiles a Node never ends. */
const ENDED = { timeout: 10_000, killSignal: 'SIGKILL' } as const;

const ERROR = /^fork: under this profile, .*node does not start .*record.*seccomp\/register.*harden\(\)/;

/** Whether a Node can attach the profile after its start. */
function isHardened(text: string): boolean {
  const script = `const { harden, parseProfile } = require(${JSON.stringify(packageRoot)});
    harden(parseProfile(process.argv[1], { mode: 'compat' }));
    console.log('hardened');`;
  const { stdout } = spawnSync(process.execPath, ['-e', script, text], { ...ENDED, encoding: 'utf8' });
  return stdout === 'hardened\n';
}

const filtered = isFiltered() ? 'this process has a filter already, which may deny what Node needs' : undefined;

describeUnless(filtered, 'fork under a profile of another project', () => {
  let hardenedOnly = 0;

  for (const entry of corpusOn(thisHost())) {
    if ('refusal' in entry || entry.profile.document.listenerPath !== undefined) continue;
    test(entry.name, async () => {
      const child = fork(module, entry.profile, { silent: true, ...ENDED });
      const events: unknown[] = [];
      child.on('message', (message) => events.push(message));
      child.on('error', ({ message }) => events.push(message));
      await new Promise<void>((resolve) => child.once('close', () => resolve()));
      if (child.limit === 'time') expect(events).toEqual([]);
      else if (!events.includes('started')) {
        expect(events).toEqual([expect.stringMatching(ERROR)]);
        if (isHardened(corpusFiles.find(({ name }) => name === entry.name)?.text ?? '')) hardenedOnly++;
      } else expect(events).toEqual(['started']);
    });
  }

  test('some of them can only be attached after Node’s start', () => expect(hardenedOnly).toBeGreaterThan(0));
});
