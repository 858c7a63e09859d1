/** The rules for the code blocks of the documentation: how a page is read, and how a block is run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { obstacleTo } from '../support/commands.js';
import { type Block, blocksOf, isExample, isRun } from '../support/docs/blocks.js';
import { problemsOfMentions } from '../support/docs/check-links.js';
import { NO_DIRECTIVE } from '../support/docs/directive.js';
import { inWordsOf, matches } from '../support/docs/expected-output.js';
import { readPage } from '../support/docs/links.js';
import { makePageFolder } from '../support/docs/page-folder.js';
import { packageRoot } from '../support/docs/pages.js';
import { runBlock, SharedBlocks, startInBackground } from '../support/docs/run-block.js';
import { until } from '../support/until.mjs';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

describe('a page', () => {
  const blocks = blocksOf(fixture('blocks.md'));

  test('has its blocks in order, without those that are output', () => {
    expect(blocks.map(({ line, language, name }) => `${line} ${language} ${name}`)).toEqual([
      '4 js undefined',
      '8 js server.mjs',
      '19 ts app.test.ts',
      '23 text undefined',
      '29 sh undefined',
      '37 json undefined',
      '41 python tool.py',
      '46 sh undefined',
      '51 yaml pod.yaml',
      '57 js examples/run.mjs',
    ]);
    expect(blocks.flatMap(({ problem }) => problem ?? [])).toEqual([]);
  });

  test('gives a program the text after it as expected output', () => {
    expect(blocks.map(({ expected }) => expected).filter((text) => text !== undefined)).toEqual(['named', 'listed']);
  });

  test('runs programs, but not files, figures and copies of examples', () => {
    expect(blocks.filter(isRun).map(({ line }) => line)).toEqual([4, 8, 29, 46]);
    expect(blocks.filter(isExample).map(({ line }) => line)).toEqual([57]);
  });

  test('directs a block by the comment before it', () => {
    const directives = blocks.map(({ directive }) => directive);
    expect(directives[0]).toEqual({ ...NO_DIRECTIVE, exit: 3, needs: ['bash'], isAsUser: true });
    expect(directives[1]).toEqual(NO_DIRECTIVE);
    expect(directives[2]).toEqual({ ...NO_DIRECTIVE, isOnlyWritten: true });
    expect(directives[7]).toEqual({ ...NO_DIRECTIVE, backgroundUntil: 'ready; now', packages: ['vitest', 'jest'] });
    const notRun = 'it needs a cluster; and an account';
    expect(directives[8]).toEqual({ ...NO_DIRECTIVE, files: ['in.svg'], notRun });
  });

  test('has a problem for each mistake', () => {
    expect(blocksOf(fixture('mistakes.md')).map(({ line, problem }) => `${line}: ${problem}`)).toEqual([
      '3: a code block needs a language; `text` for a figure',
      '7: an indented code block has no language: fence it',
      '9: unknown words after the file name: b.mjs',
      expect.stringMatching(/^12: a python block needs a file name/),
      '17: unknown directive `needs`',
      '22: unknown directive `frobnicate`',
      '27: a block that is not run needs a reason: `not run: REASON`',
      '32: a block that is not run needs a reason: `not run: REASON`',
      '36: the line after this directive is not the fence of a code block',
      '38: undefined',
      '43: `write only` needs a file name',
      '47: the block is not run: `exit`, `background` and `as user` mean nothing for it',
    ]);
  });
});

describe('expected output', () => {
  test.each([
    ['one\n', 'one'],
    ['one  \n\n', 'one'],
    ['pid 12 ended\n', 'pid … ended'],
    ['first\nlast\n', 'first\n…\nlast'],
    ['first\na\nb\nlast\n', 'first\n…\nlast'],
    ['a\nb\n', '…'],
    ['(1) [x] 1.5\n', '(1) [x] 1.5'],
  ])('%j is %j', (output, expected) => {
    expect(matches(output, expected)).toBe(true);
  });

  test.each([
    ['one\ntwo\n', 'one'],
    ['one\n', 'one\ntwo'],
    ['pid 12\nhas ended\n', 'pid … ended'],
    ['x last\n', '…\nlast'],
    ['1x5\n', '1.5'],
    ['', 'one'],
  ])('%j is not %j', (output, expected) => {
    expect(matches(output, expected)).toBe(false);
  });

  test('is compared without the lines that match', () => {
    expect(inWordsOf('pid … ended\nstatus 0', 'pid 12 ended\nstatus 1\n')).toBe('pid … ended\nstatus 1');
  });
});

describe('a block that is run', () => {
  const folder = makePageFolder([]);
  afterAll(() => folder.remove());
  const nothing = { name: undefined, directive: NO_DIRECTIVE, expected: undefined, problem: undefined };
  const shell = (code: string, others: Partial<Block> = {}): Block => ({
    ...{ ...nothing, line: 1, language: 'sh', code },
    ...others,
  });

  test('has its exit status, its output in order and its standard error', async () => {
    expect(await runBlock(folder, shell('echo one; echo two >&2; false | true; echo never'))).toEqual({
      ...{ status: 1, output: 'one\ntwo\n', stderr: 'two\n' },
    });
    const compared = shell('echo one; echo two >&2; echo three', { expected: 'one' });
    expect(await runBlock(folder, compared)).toMatchObject({ status: 0, output: 'one\ntwo\nthree\n' });
    expect(await runBlock(folder, shell('kill -s SEGV $$'))).toMatchObject({ status: 'SIGSEGV' });
  });

  // The first page has npm's npx, the other pages one of test/support.
  describe.each(['README.md', 'docs/README.md'])('of %s', (page) => {
    const folder = makePageFolder([], page);
    afterAll(() => folder.remove());

    test('uses this Node, the command of this package, and no registry', async () => {
      const script = `node -p process.execPath; pwd; 
        npx seccomp run -p unconfined -- sh -c 'printf "%s|" "$@" >&2; command -v seccomp; exit 7' sh "a  b" '$HOME' ''`;
      const { status, output, stderr } = await runBlock(folder, shell(script));
      const command = join(folder.path, 'node_modules/.bin/seccomp');
      expect(output).toBe(`${process.execPath}\n${folder.path}\n${command}\n${stderr}`);
      expect({ status, stderr }).toEqual({ status: 7, stderr: 'a  b|$HOME||' });
      const { status: refused, output: refusal } = await runBlock(folder, shell('npx --yes is-odd'));
      expect([refused, refusal]).toEqual([1, expect.stringContaining('ENOTCACHED')]);
    });
  });

  test('has an environment without what npm and Vitest add', async () => {
    const { output } = await runBlock(folder, shell('env | cut -d= -f1 | grep -iE "^(npm_|vitest|node_)" | sort'));
    const names = ['npm_config_cache', 'npm_config_offline', 'npm_config_update_notifier', 'npm_config_yes'];
    expect(output.trim().split('\n')).toEqual(names);
  });

  test('ends in a shared Node as in one of its own', async () => {
    const shared = new SharedBlocks(folder);
    const program = (code: string, expected?: string) => shell(code, { language: 'js', name: 'a.mjs', expected });
    const statusOf = async (code: string) => (await shared.run(program(code))).status;
    try {
      expect(await shared.run(program(`console.log('one'); console.error('two');`, ''))).toMatchObject({
        ...{ status: 0, output: 'one\ntwo\n' },
      });
      expect(await shared.run(program(`console.error('three');`))).toEqual({
        ...{ status: 0, output: 'three\n', stderr: 'three\n' },
      });
      expect(await statusOf('process.exitCode = 3;')).toBe(3);
      expect(await statusOf('await new Promise(() => {});')).toBe(13);
      expect(await statusOf(`throw new Error('thrown');`)).toBe(1);
      expect(await statusOf(`process.kill(process.pid, 'SIGKILL');`)).toBe('SIGKILL');
      expect(await statusOf('')).toBe(0);
    } finally {
      shared.end();
    }
  });

  test('leaves nothing running', async () => {
    const { output } = await runBlock(folder, shell('sleep 1000 & echo $!'));
    await until(() => !isRunning(Number(output)));
  });

  test('goes on in the background until it is ended', async () => {
    const background = await startInBackground(folder, shell('echo $$; exec sleep 1000'), (text) =>
      text.includes('\n'),
    );
    const pid = Number(background.output());
    expect(isRunning(pid)).toBe(true);
    await background.end();
    expect(isRunning(pid)).toBe(false);
  });
});

/** Whether a process exists and has not ended. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('links', () => {
  test('are those of Markdown and of HTML, without code, and anchors are those of GitHub', () => {
    const { links, anchors } = readPage(
      '# `spawn`, and *more*\n# Same\n# Same\n[a](b.md "title") `[no](no.md)` <img src="c.svg">\n\n[d]: e.md\n<a id="own"></a>',
    );
    expect(links).toEqual(['b.md', 'c.svg', 'e.md']);
    expect([...anchors]).toEqual(['spawn-and-more', 'same', 'same-1', 'own']);
  });

  test('in sources are paths of pages', () => {
    const text = 'See docs/README.md, docs/no-page.md#any and /usr/share/docs/other.md';
    expect(problemsOfMentions(packageRoot, text)).toEqual(['docs/no-page.md#any: there is no docs/no-page.md']);
  });
});

test('a block is skipped for commands that are missing, by name', () => {
  expect(obstacleTo('sh', 'no-such-command')).toBe('needs no-such-command');
  expect(obstacleTo('sh')).toBeUndefined();
});
