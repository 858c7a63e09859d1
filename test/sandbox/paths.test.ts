/** The option `paths`: what it takes, every way to start that has it, and what is reported. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  execve,
  fork,
  harden,
  type Paths,
  record,
  run,
  Sandbox,
  type SpawnSyncOptions,
  spawn,
  spawnSync,
} from '../../lib/index.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { once as onlyOnce } from '../../lib/util/memo.js';
import { compileC } from '../support/compile-c.js';
import { describeUnless } from '../support/describe-unless.js';
import { registerRefusals } from '../support/register-refusals.js';
import { packageRoot } from '../support/scripts.js';
import { until } from '../support/until.mjs';

const { reason, abi } = pathsSupport();
const home = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-paths-')));
afterAll(() => rmSync(home, { recursive: true }));
const work = join(home, 'work');
mkdirSync(join(work, 'in'), { recursive: true });
mkdirSync(join(work, 'out'));
const secret = join(home, 'secret');
writeFileSync(secret, 'secret\n');
writeFileSync(join(work, 'in/text'), 'text\n');
symlinkSync(secret, join(work, 'link'));

const SYSTEM: Paths = { read: ['@system'] };
/** A shell under paths. */
function shell(script: string, paths: Paths, options: object = {}) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], 'docker-default', {
    cwd: work,
    encoding: 'utf8',
    paths,
    ...options,
  } as SpawnSyncOptions & { encoding: 'utf8' });
  return { status, stdout, stderr };
}

const opened = (stdout: string) => ({ status: 0, stdout, stderr: '' });
const denied = (file: string) => ({ status: 1, stdout: '', stderr: `cat: ${file}: Permission denied\n` });

describe('the option paths takes', () => {
  const start = (paths: unknown) => () => spawnSync('true', 'docker-default', { cwd: work, paths: paths as Paths });

  test.each<[unknown, RegExp]>([
    [{ read: ['@sytem'] }, /^options\.paths\.read\[0\]: "@sytem" is unknown \(did you mean @system\?\).*\.\/@sytem$/],
    [{ write: ['@node'] }, /^options\.paths\.write\[0\]: @node has rights of its own.*put it into read$/],
    [{ read: [{ path: '@tmp', optional: true }] }, /@tmp can't be optional/],
    [{ deny: ['/etc'] }, /^options\.paths\.deny: is unknown: what is not named is denied.*grant its other entries/],
    [{ reed: ['/etc'] }, /^options\.paths\.reed: is unknown \(did you mean read\?\)/],
    [{ read: [{ path: '.', rights: 1 }] }, /^options\.paths\.read\[0\]\.rights: is unknown: .*path and optional/],
    [{ read: ['.', ''] }, /options\.paths\.read\[1\]: '' is no path: '\.' is the working directory/],
    [{ read: ['a\0b'] }, /null byte/],
    [{ read: '.' }, /"options\.paths\.read" .*an instance of Array/],
    [{ read: [7] }, /"options\.paths\.read\[0\]" .*of type string or an instance of URL/],
    [{ read: [{ path: '.', optional: 'yes' }] }, /"options\.paths\.read\[0\]\.optional" .*of type boolean/],
    [['.'], /options\.paths: must be an object with the lists .*instance of Array/],
    ['.', /options\.paths: must be an object with the lists .*type string/],
  ])('no %j', (paths, message) => {
    expect(start(paths)).toThrow(message);
  });
});

describe('bestEffort without paths', () => {
  const message =
    'options.bestEffort: has no effect without options.paths or options.limits: add that, or leave it out';
  const bestEffort = { bestEffort: true } as const;
  const sandbox = new Sandbox('docker-default', bestEffort);

  test.each<[string, () => unknown]>([
    ['spawn', () => spawn('true', 'docker-default', bestEffort)],
    ['spawnSync', () => spawnSync('true', 'docker-default', bestEffort)],
    ['fork', () => fork('none.mjs', 'docker-default', bestEffort)],
    ['execve', () => execve('true', 'docker-default', bestEffort)],
    ['harden', () => harden('unconfined', bestEffort)],
    ['Sandbox.spawnSync', () => sandbox.spawnSync('true', bestEffort)],
    ['Sandbox.fork', () => sandbox.fork('none.mjs', bestEffort)],
  ])('is an error of %s', (_, start) => {
    expect(start).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message }));
  });

  test('is an error of run and record', async () => {
    await expect(run('true', 'docker-default', bestEffort)).rejects.toThrow(message);
    await expect(record('true', [], bestEffort)).rejects.toThrow(message);
  });

  test('is none if it is false, or a default of a Sandbox', () => {
    expect(spawnSync('true', 'docker-default', { bestEffort: false }).status).toBe(0);
    expect(sandbox.spawnSync('true').status).toBe(0);
  });
});

describeUnless(reason ?? undefined, 'under paths', () => {
  test.each<[string, Paths, RegExp]>([
    [
      'does not exist',
      { read: ['none'] },
      /^options\.paths\.read\[0\]: .*\/work\/none does not exist \(ENOENT\): create it/,
    ],
    ['has a tilde', { read: ['~/.ssh'] }, /does not exist \(ENOENT\): ~ is not expanded, so use os\.homedir\(\)$/],
    ['leads through a file', { write: ['in/text/x'] }, /write\[0\]: .* does not exist \(ENOTDIR\)/],
    [
      'leads through a link that the program could replace',
      { read: ['in', 'link'] },
      /^options\.paths\.read\[1\]: .*\/work\/link is a symbolic link, which the program could replace by another: if you mean .*\/secret, to which it leads now, give that path$/,
    ],
    ...['/proc/self/status', '/proc/thread-self/comm', '/proc/mounts', '/proc/net/tcp', '/dev/stdin', '/dev/fd/0'].map(
      (path): [string, Paths, RegExp] => [
        `is that of this process alone, as ${path},`,
        { read: [path] },
        /leads through \/proc\/(thread-)?self, which is a different/,
      ],
    ),
  ])('a path that %s is an error before the start', (_, paths, message) => {
    expect(() => shell('touch out/started', paths)).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringMatching(message) }),
    );
    expect(existsSync(join(work, 'out/started'))).toBe(false);
  });

  test('files that are not named are denied; what is read can not be written', () => {
    expect(shell('cat in/text', { read: ['@system', 'in'] })).toEqual(opened('text\n'));
    expect(shell(`cat ${secret}`, { read: ['@system', 'in'] })).toEqual(denied(secret));
    expect(shell('cat in/text', SYSTEM)).toEqual(denied('in/text'));
    expect(shell('echo >>in/text', { read: ['@system', 'in'] }).stderr).toMatch(
      /cannot create in\/text: Permission denied/,
    );
  });

  test('what is written can be read, made, removed, moved and linked', () => {
    const script =
      'cd out && echo a >a && mkdir d && mv a d/b && ln d/b c && cat c && ln -s c l && rm -r c d l && ls -A';
    expect(shell(script, { read: ['@system'], write: ['out'] })).toEqual(opened('a\n'));
  });

  test('nothing changes by a guardian, whose domain the program is in as well', async () => {
    // mv(1) copies what it may not rename.
    const script = 'mkdir d e && echo a >d/a && ln d/a e/a && perl -e \'rename("d/a", "e/b") or die $!\' && ls e';
    const shared = existsSync('/dev/shm') ? ['/dev/shm'] : [];
    for (const parent of [work, ...shared]) {
      const cwd = mkdtempSync(join(parent, 'seccomp-moved-'));
      const options = { cwd, paths: { read: ['@system'], write: ['.'] }, descendants: 'kill' } as const;
      try {
        const { stdout, stderr } = await run('sh', ['-c', script], 'docker-default', options);
        expect({ stdout, stderr }).toEqual({ stdout: 'a\nb\n', stderr: '' });
        for (const name of ['d', 'e']) rmSync(join(cwd, name), { recursive: true });
        const code = `require('seccomp').execve('sh', ${JSON.stringify(['-c', script])}, 'docker-default', ${JSON.stringify(options)});`;
        const replaced = nodeSpawnSync(process.execPath, ['-e', code], { cwd: packageRoot, encoding: 'utf8' });
        expect(replaced).toMatchObject({ stdout: 'a\nb\n', stderr: '' });
      } finally {
        rmSync(cwd, { recursive: true });
      }
    }
  });

  test('what is executed can be read, and directories of it are not listed', () => {
    writeFileSync(join(work, 'tool'), '#!/bin/sh\necho tool\n', { mode: 0o755 });
    mkdirSync(join(work, 'bin'), { recursive: true });
    writeFileSync(join(work, 'bin/tool'), '#!/bin/sh\necho tool\n', { mode: 0o755 });
    expect(shell('./tool; bin/tool; ls bin', { read: ['@system'], execute: ['bin'] })).toMatchObject({
      stdout: 'tool\n',
      stderr: expect.stringMatching(
        /tool: Permission denied\n.*ls: cannot open directory 'bin': Permission denied\n$/s,
      ),
    });
  });

  test('the program and its interpreter need no grant', () => {
    writeFileSync(join(work, 'script'), '#!/bin/sh\necho "$0"\n', { mode: 0o755 });
    const { status, stdout } = spawnSync(join(work, 'script'), [], 'docker-default', {
      cwd: work,
      encoding: 'utf8',
      paths: { execute: ['/lib', '/lib64', '/usr/lib'].map((path) => ({ path, optional: true })) },
    });
    expect([status, stdout]).toEqual([0, `${join(work, 'script')}\n`]);
  });

  test('paths are strings, file URLs or objects, relative to cwd; those that are optional may be missing', () => {
    for (const path of ['in', './in/', join(work, 'out/../in'), pathToFileURL(join(work, 'in'))]) {
      expect(shell('cat in/text', { read: ['@system', path] })).toEqual(opened('text\n'));
      expect(shell('cat in/text', { read: ['@system', { path }] })).toEqual(opened('text\n'));
    }
    expect(shell('cat in/text', { read: ['@system', 'in', { path: 'none', optional: true }] })).toEqual(
      opened('text\n'),
    );
  });

  test('a path that appears, or leads to another file, is noticed at the next start', () => {
    const paths: Paths = { read: ['@system', 'out/changing'] };
    const file = join(work, 'out/changing');
    for (const text of ['one', 'two', 'three']) {
      rmSync(file, { force: true });
      writeFileSync(file, text);
      expect(shell('cat out/changing', paths)).toEqual(opened(text));
    }
    rmSync(file);
    symlinkSync(secret, file);
    expect(() => shell('cat out/changing', paths)).toThrow(/is a symbolic link, which the program could replace/);
    rmSync(file);
    const optional: Paths = { read: ['@system', { path: 'out/changing', optional: true }] };
    expect(shell('cat out/changing', optional).status).toBe(1);
    writeFileSync(file, 'late');
    expect(shell('cat out/changing', optional)).toEqual(opened('late'));
    rmSync(file);
  });

  test('a program that appears earlier in PATH, or to which a link leads now, needs no grant either', () => {
    const [first, second] = [join(work, 'bin1'), join(work, 'bin2')];
    for (const folder of [first, second]) mkdirSync(folder);
    const write = (path: string) => writeFileSync(path, '#!/bin/sh\necho "$0"\n', { mode: 0o755 });
    const options = { encoding: 'utf8', env: { PATH: `${first}:${second}` }, paths: SYSTEM } as const;
    const started = () => spawnSync('changing', [], 'docker-default', options).stdout;
    write(join(second, 'changing'));
    for (const _ of ['made', 'kept']) expect(started()).toBe(`${second}/changing\n`);
    const [one, other] = [join(work, 'one'), join(work, 'other')];
    for (const path of [one, other]) {
      write(path);
      rmSync(join(first, 'changing'), { force: true });
      symlinkSync(path, join(first, 'changing'));
      for (const _ of ['made', 'kept']) expect(started()).toBe(`${first}/changing\n`);
    }
  });

  test.each(['write', 'read', 'execute'] as const)(
    '@tmp in %s is a directory of the child alone, which is removed',
    (list) => {
      const script = 'echo "$TMPDIR"; cd "$TMPDIR" && mkdir -m 0 d && echo x >f && ls';
      const { stdout, status } = shell(script, {
        read: ['@system'],
        ...{ [list]: list === 'read' ? ['@system', '@tmp'] : ['@tmp'] },
      });
      const [directory = '', ...files] = stdout.split('\n');
      expect({ status, files }).toEqual({ status: 0, files: ['d', 'f', ''] });
      expect(basename(directory)).toMatch(/^seccomp-/);
      expect(existsSync(directory)).toBe(false);
    },
  );

  test('@tmp is gone when run resolves, and when a child is disposed of, whatever holds it', async () => {
    const paths: Paths = { read: ['@system'], write: ['@tmp'] };
    const holding = 'cd "$TMPDIR" && echo x >f && { sleep 60 <f >/dev/null 2>&1 & echo "$! $TMPDIR"; }';
    const { stdout } = await run('sh', ['-c', holding], 'docker-default', { paths });
    const [pid, directory] = stdout.trim().split(' ');
    process.kill(Number(pid), 'SIGKILL'); // It still ran.
    expect([directory, existsSync(String(directory))]).toEqual([expect.stringMatching(/seccomp-/), false]);

    const child = spawn('sh', ['-c', `${holding}; wait`], 'docker-default', { paths });
    const [line] = await once(child.stdout, 'data');
    await child[Symbol.asyncDispose]();
    const [held, disposed] = String(line).trim().split(' ');
    process.kill(Number(held), 'SIGKILL');
    expect([disposed, existsSync(String(disposed))]).toEqual([expect.stringMatching(/seccomp-/), false]);
  });

  test('programs in @tmp can be executed only if it is in execute', () => {
    const script = 'cd "$TMPDIR" && printf "#!/bin/sh\\necho ran\\n" >s && chmod +x s && ./s';
    expect(shell(script, { read: ['@system'], write: ['@tmp'] }).stderr).toMatch(/Permission denied/);
    expect(shell(script, { read: ['@system'], execute: ['@tmp'] }).stdout).toBe('ran\n');
  });

  test('a start that fails leaves no directory behind', async () => {
    vi.stubEnv('TMPDIR', mkdtempSync(join(home, 'tmp-'))); // Other processes have directories in the usual one.
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    expect(spawnSync('none', 'docker-default', { paths: { write: ['@tmp'] } }).error).toMatchObject({ code: 'ENOENT' });
    const child = spawn('none', 'docker-default', { paths: { write: ['@tmp'] } });
    await once(child, 'error');
    await once(child, 'close');
    expect(() => spawnSync('true', 'docker-default', { paths: { write: ['@tmp'], read: ['/none'] } })).toThrow(
      /does not exist/,
    );
    expect(readdirSync(tmpdir())).toEqual([]);
  });
});

describeUnless(reason ?? undefined, 'every way to start restricts paths:', () => {
  const paths: Paths = { read: ['@system', 'in'] };
  const args = ['in/text', secret];
  const half = { stdout: 'text\n', stderr: `cat: ${secret}: Permission denied\n` };

  test('run', async () => {
    await expect(run('cat', args, 'docker-default', { cwd: work, paths })).rejects.toMatchObject({
      ...half,
      enforcement: { paths: { by: 'landlock' } },
    });
  });

  test('spawn, under unconfined too', async () => {
    const child = spawn('cat', args, 'unconfined', { cwd: work, paths });
    const [stdout, stderr] = [child.stdout?.toArray(), child.stderr?.toArray()];
    expect((await stdout)?.join('')).toBe(half.stdout);
    expect((await stderr)?.join('')).toBe(half.stderr);
    expect(child.enforcement.paths?.by).toBe('landlock');
  });

  test('a Sandbox, by default', () => {
    const { spawnSync: start, execFileSync } = new Sandbox('docker-default', { cwd: work, paths });
    expect(start('cat', args, { encoding: 'utf8' })).toMatchObject(half);
    expect(() => execFileSync('cat', [secret], { stdio: 'pipe' })).toThrow(/Permission denied/);
  });

  test('fork, whose module and Node need no grant', async () => {
    const file = join(work, 'module.mjs');
    writeFileSync(
      file,
      `import { readFileSync } from 'node:fs';
      const open = (file) => { try { return readFileSync(file, 'utf8'); } catch ({ code }) { return code; } };
      process.send([open('in/text'), open(${JSON.stringify(secret)}), process.env.TMPDIR === undefined]);
      process.disconnect();`,
    );
    const child = fork(file, 'docker-default', { cwd: work, paths, execArgv: [] });
    const [[message], end] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
    expect(message).toEqual(['text\n', 'EACCES', true]);
    expect(child.enforcement.paths?.by).toBe('landlock');
    expect(child.stdio).toHaveLength(4);
    expect(end).toEqual([0, null]);
  });

  test('fork of a Sandbox, whose module may be named without .js, with descriptors of its own and @tmp', async () => {
    writeFileSync(
      join(work, 'short.js'),
      `const { writeFileSync, writeSync } = require('node:fs');
      writeFileSync(process.env.TMPDIR + '/f', '');
      writeSync(4, process.env.TMPDIR);
      process.disconnect();`,
    );
    const sandbox = new Sandbox('docker-default', { cwd: work, paths: { read: ['@system', '@tmp'] } });
    const options = {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    };
    const child = sandbox.fork('./short', options as object);
    const [[directory], end] = await Promise.all([once(child.stdio[4] ?? child, 'data'), once(child, 'exit')]);
    expect(end).toEqual([0, null]);
    expect(child.stdio).toHaveLength(5);
    await until(() => !existsSync(String(directory)));
  });

  test('execve', () => {
    const code = `require('seccomp').execve('cat', ${JSON.stringify(args)}, 'docker-default', ${JSON.stringify({ cwd: work, paths })});`;
    expect(nodeSpawnSync(process.execPath, ['-e', code], { cwd: packageRoot, encoding: 'utf8' })).toMatchObject(half);
    expect(() => execve('true', 'docker-default', { paths: { write: ['@tmp'] } })).toThrow(
      /@tmp is removed by the parent/,
    );
  });

  test('record', async () => {
    const { calls } = await record('sh', ['-c', `! cat ${secret} 2>/dev/null`], { cwd: work, paths, stdio: 'ignore' });
    expect(calls.length).toBeGreaterThan(0);
  });
});

describeUnless(reason ?? undefined, 'Node restricts itself', () => {
  const file = join(work, 'in/app.mjs');
  const script = `
    import { readFileSync } from 'node:fs';
    import { spawnSync } from 'node:child_process';
    const open = (file) => { try { return readFileSync(file, 'utf8'); } catch ({ code }) { return code; } };
    const [,, depth] = process.argv;
    const [pid, digest] = process.env.SECCOMP_PATHS_ENTERED_BY?.split(':') ?? [];
    const byParent = pid === String(process.ppid);
    console.log(JSON.stringify([depth, open(${JSON.stringify(secret)}), process.execArgv.length, byParent, digest]));
    if (depth === '2') process.stdout.write(spawnSync(process.execPath, [...process.execArgv, import.meta.filename, '1']).stdout);`;

  function registered(how: string, env: object, args: readonly string[] = [file, '2']) {
    writeFileSync(file, script);
    const register = join(packageRoot, how === '--import' ? 'dist/register.js' : 'dist/register.cjs');
    return nodeSpawnSync(process.execPath, [how, register, ...args], {
      cwd: work,
      encoding: 'utf8',
      timeout: 120_000, // If it restarts itself again and again.
      env: { ...process.env, SECCOMP_PROFILE: 'unconfined', ...env },
    });
  }

  /** What Node and its child print: their numbers, the secret, how many options they have, and who restricted them. */
  const chain = (how: string, paths: string) => {
    const { stdout, stderr } = registered(how, { SECCOMP_PATHS: paths });
    return {
      lines: stdout
        .trim()
        .split('\n')
        .map((line): unknown[] => JSON.parse(line)),
      stderr,
    };
  };
  const WITHIN = '{"read":["@system","@node","in"]}';
  const within = onlyOnce(() => chain('--import', WITHIN));
  const RESTRICTED = [
    ['2', 'EACCES', 2, false, expect.any(String)],
    // Once for its children too, which could find that out.
    ['1', 'EACCES', 2, true, expect.any(String)],
  ];

  test('by seccomp/register with SECCOMP_PATHS; its children too', () => {
    expect(within()).toEqual({ lines: RESTRICTED, stderr: '' });
    const { stdout, stderr } = registered('--require', { SECCOMP_PATHS: WITHIN }, [file, '1']);
    expect([JSON.parse(stdout), stderr]).toEqual([['1', 'EACCES', 2, false, expect.any(String)], '']);
  });

  test('and what the environment says of that is not believed', () => {
    const digest = within().lines[0]?.[4];
    // The number of this process is that of the Node which the shell becomes.
    const script = `export SECCOMP_PATHS_ENTERED_BY=$$:${digest}; exec "$@"`;
    const register = join(packageRoot, 'dist/register.js');
    const { stdout } = nodeSpawnSync('sh', ['-c', script, 'sh', process.execPath, '--import', register, file, '1'], {
      cwd: work,
      encoding: 'utf8',
      env: { ...process.env, SECCOMP_PROFILE: 'unconfined', SECCOMP_PATHS: WITHIN },
    });
    expect(JSON.parse(stdout)).toEqual(['1', 'EACCES', 2, false, digest]);
  });

  test.each([
    ['{"read":["/"],"write":["out"]}', true],
    ['{"read":["/"],"write":["/proc"]}', false],
  ])('with %s, and its children do too, once if they can find out: %s', (paths, isOnce) => {
    expect(chain('--import', paths)).toEqual({
      lines: [
        ['2', 'secret\n', 2, false, expect.any(String)],
        ['1', 'secret\n', 2, isOnce, expect.any(String)],
      ],
      stderr: '',
    });
  });

  test('under a profile too, where /proc is not read, and what an argument of `node -p` names is not granted', () => {
    const env = { SECCOMP_PROFILE: 'docker-default', SECCOMP_PATHS: '{"read":["@system"]}' };
    const read = `try { require('fs').readFileSync(${JSON.stringify(secret)}, 'utf8') } catch ({ code }) { code }`;
    expect(registered('--import', env, ['-p', read, home])).toMatchObject({ stdout: 'EACCES\n', stderr: '' });
  });

  test('but not with its program on stdin, of which --import comes too late', () => {
    const { status, stderr } = registered('--import', { SECCOMP_PATHS: '{"read":["@system","@node"]}' }, ['-']);
    expect([status, stderr]).toEqual([
      125,
      'seccomp/register: this Node has to be restarted to restrict its paths, and with its program on stdin it cannot be: use --require instead of --import, or give the program as a file; the program was not run\n',
    ]);
  });

  test('and a child with other paths does not run if it cannot enter their domain', () => {
    const nested = `process.env.SECCOMP_PATHS = '{"read":["@system"]}';
      const { status, stderr } = require('child_process').spawnSync(process.execPath, [...process.execArgv.slice(0, 2), '-p', '1']);
      console.log(status, String(stderr).includes('could not be restarted'))`;
    const { stdout } = registered('--import', { SECCOMP_PATHS: '{"read":["@system","in"]}' }, ['-e', nested]);
    expect(stdout).toBe('125 true\n');
  });

  test('without granting what a directory as module names', () => {
    writeFileSync(
      join(work, 'index.js'),
      "try { require('fs').readFileSync('in/text'); } catch ({ code }) { console.log(code); }",
    );
    const { status, stdout, stderr } = registered('--import', { SECCOMP_PATHS: '{"read":["@system"]}' }, [work]);
    expect({ status, stdout, isDenied: /EACCES/.test(stderr) }).toEqual({ status: 1, stdout: '', isDenied: true });
  });

  const REFUSED: readonly (readonly [string, RegExp])[] = [
    ['{"read":', /^SECCOMP_PATHS is not JSON \(.*\): give it as in \{/],
    ['{"red":[]}', /^SECCOMP_PATHS\.red: is unknown \(did you mean read\?\)/],
    ['', /^SECCOMP_PATHS is not JSON/],
    ['["."]', /^SECCOMP_PATHS: must be an object with the lists read, write and execute/],
    [
      '{"read":[1]}',
      /"SECCOMP_PATHS\.read\[0\]" property must be of type string, or an object \{ path, optional \}\. /,
    ],
    [
      '{"read":["/none"]}',
      /^SECCOMP_PATHS\.read\[0\]: \/none does not exist \(ENOENT\): create it first, or give \{"path":"…","optional":true\}$/,
    ],
    ['{"read":["~/none"]}', /SECCOMP_PATHS\.read\[0\]: .* ~ is not expanded, so give \/.*\/none$/],
    ['{"read":["$HOME"]}', /\$HOME is not expanded, so give its value$/],
    ['{"read":["file:///x"]}', /SECCOMP_PATHS\.read\[0\]: "file:\/\/\/x" is a URL: give the path, \/x$/],
    ['{"write":["@tmp"]}', /^SECCOMP_PATHS: @tmp is removed by the parent of a program/],
    ['{"read":["."],"write":[],"read":["/"]}', /^SECCOMP_PATHS: the key "read" is repeated: give it once$/],
    ['{"read":[{"path":".","path":"/"}]}', /^SECCOMP_PATHS: the key "path" is repeated: give it once$/],
    ['{"bestEffort":true}', /SECCOMP_PATHS\.bestEffort: is unknown: use read, write and execute$/],
  ];

  test('and does not run with a SECCOMP_PATHS that it refuses', () => {
    const { status, stdout, stderr } = registered('--import', { SECCOMP_PATHS: '{"red":[]}' }, [file, '1']);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(/^seccomp\/register: SECCOMP_PATHS\.red: .*; the program was not run\n$/);
    const environments = REFUSED.map(([text]) => ({ SECCOMP_PROFILE: 'unconfined', SECCOMP_PATHS: text }));
    expect(registerRefusals(environments)).toEqual(REFUSED.map(([, message]) => expect.stringMatching(message)));
  });

  test('and harden, which has to read /proc, says what to grant', async () => {
    writeFileSync(
      file,
      `import { createRequire } from 'node:module';
      const { harden } = createRequire(${JSON.stringify(join(packageRoot, 'package.json'))})('seccomp');
      try { harden('node'); console.log('hardened'); } catch ({ code, message }) { console.log(code, message); }`,
    );
    const start = async (...read: readonly string[]) => {
      const paths = { read: ['@system', '@node', 'in', packageRoot, ...read] };
      const env = { ...process.env, NODE_OPTIONS: '', UV_USE_IO_URING: '0' };
      return (await run(process.execPath, [file], 'docker-default', { cwd: work, env, paths })).stdout;
    };
    expect(await start()).toMatch(
      /^ERR_SECCOMP_UNSUPPORTED can't read \/proc\/self\/fd \(EACCES\) .*, start it with paths: \{ read: \['\/proc'\] \}; /,
    );
    expect(await start('/proc')).toBe('hardened\n');
  });

  test('by harden only where the kernel can restrict all threads', ({ skip }) => {
    skip((abi ?? 0) >= 8, 'this kernel can: test/arch tests that');
    expect(() => harden('unconfined', { paths: SYSTEM })).toThrow(
      /^options\.paths can't be honored: a running process can be restricted only with Landlock ABI 8, Linux 7\.0 .*SECCOMP_PATHS/,
    );
    expect(() => harden('unconfined', { paths: SYSTEM, threads: 'current', acceptSharedPool: true })).toThrow(
      /one thread alone/,
    );
  });
});

describeUnless(reason ?? undefined, 'enforcement.paths', () => {
  test('says what is enforced, and closes what leads through files', () => {
    const by = (paths: Paths) => spawnSync('true', 'docker-default', { paths }).enforcement;
    const { paths, isolation } = by(SYSTEM) ?? {};
    expect(paths).toMatchObject({
      by: 'landlock',
      closed: expect.arrayContaining(['files', 'truncation', 'pathname-sockets']),
    });
    expect(paths?.open.map(({ reach }) => reach)).toContain('metadata');
    const byFiles = ['cgroup-files', 'oom-score', 'autogroup', 'proc-files', 'terminal-files'];
    expect(isolation?.closed).toEqual(expect.arrayContaining(byFiles));
    const open = (enforced: typeof isolation) => enforced?.open.map(({ reach }) => reach);
    const notIsolated = spawnSync('true', 'unconfined', { paths: SYSTEM }).enforcement?.isolation;
    expect(notIsolated?.closed).toEqual(byFiles);
    // Only isolation denies taking a terminal.
    expect(open(notIsolated)).toContain('terminal');
    expect(isolation?.closed.filter((reach) => reach === 'terminal')).toEqual(['terminal']);
    expect(open(by({ read: ['@system', '/dev'] })?.isolation)).toContain('terminal-files');
    expect(open(by({ write: ['/proc'] })?.isolation)).toEqual(expect.arrayContaining(['oom-score', 'proc-files']));
    expect(by({ read: ['/proc'] })?.isolation.closed).toEqual(expect.arrayContaining(['oom-score', 'proc-files']));
    expect(open(by({ write: ['/'] })?.isolation)).toEqual(expect.arrayContaining(['cgroup-files', 'oom-score']));
    expect(spawnSync('true', 'docker-default').enforcement).not.toHaveProperty('paths');
  });

  test('is refused in the sixteenth domain, unless bestEffort accepts that nothing is enforced', () => {
    const nested = compileC('nested-domains.c');
    const code = `
      const { spawnSync } = require('seccomp');
      let message; try { spawnSync('true', 'docker-default', { paths: {} }) } catch (error) { message = error.message }
      const { status, enforcement } = spawnSync('true', 'docker-default', { paths: {}, bestEffort: true });
      console.log(JSON.stringify([message, status, enforcement.paths]));`;
    const { stdout } = nodeSpawnSync(nested, ['16', process.execPath, '-e', code], {
      encoding: 'utf8',
      cwd: packageRoot,
    });
    expect(JSON.parse(stdout)).toEqual([
      expect.stringMatching(
        /^options\.paths can't be honored: this process is in too many Landlock domains.*bestEffort: true/,
      ),
      0,
      expect.objectContaining({ closed: [], reason: expect.stringMatching(/too many Landlock domains/) }),
    ]);
  });

  test('abstract sockets cannot be allowed beside paths where Unix sockets are denied as a whole', ({ skip }) => {
    skip((abi ?? 0) >= 9, 'this kernel tells Unix sockets apart');
    expect(() => spawnSync('true', 'docker-default', { paths: SYSTEM, isolate: { abstractSockets: true } })).toThrow(
      /^options\.isolate\.abstractSockets can't be honored: with paths, .*Landlock ABI 9/,
    );
  });
});
