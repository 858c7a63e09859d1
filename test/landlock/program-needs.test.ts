/** What the kernel must be able to execute to start a program. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { absolute, findNeeds, moduleNeeds } from '../../lib/landlock/programs/program-needs.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-needs-')));
chmodSync(base, 0o755);
afterAll(() => rmSync(base, { recursive: true, force: true }));

let number = 0;

/** Writes an executable file, and returns its path. */
function file(content: string | Buffer, mode = 0o755): string {
  const path = join(base, `file-${number++}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** The paths of what starting a program needs. */
const needsOf = (...candidates: readonly string[]) => findNeeds(candidates, base).needs;

/** What a script of /bin/sh needs beside itself. */
const SHELL_NEEDS = ['/bin/sh', ...needsOf('/bin/sh').slice(1)];

/** Whether the program can be started, and succeeds. */
const runs = (path: string) => spawnSync(path, { cwd: base }).status === 0;

test('a dynamic program needs itself and the loader that it names', () => {
  const program = realpathSync('/bin/sh');
  const { needs } = findNeeds(['/bin/sh'], '/');
  expect(needs).toEqual([program, expect.stringMatching(/^\/.*ld.*\.so/)]);
  expect(readFileSync(program).includes(`${needs[1]}\0`)).toBe(true);
});

test('a program of 32 bits needs the loader of 32 bits', ({ skip }) => {
  const source = file('int main(void) { return 0; }\n');
  const program = join(base, 'program32');
  const { status } = spawnSync('gcc', ['-m32', '-x', 'c', '-o', program, source]);
  skip(status !== 0, 'needs gcc -m32');
  expect(needsOf(program)).toEqual([program, expect.stringMatching(/^\/lib\/ld-linux\.so\.2$/)]);
});

describe('scripts', () => {
  test('need their interpreter and its loader, but no file that an argument names', () => {
    const script = file('#!/bin/sh /etc/passwd\nexit 0\n');
    expect(needsOf(script)).toEqual([script, ...SHELL_NEEDS]);
  });

  test.each([
    ['spaces and tabs', '#! \t/bin/sh \t-e\n'],
    ['no newline', '#!/bin/sh -e'],
    ['no newline, and the end of the file after the name', '#!/bin/sh'],
    ['a NUL after the name', '#!/bin/sh\0 /x\n'],
  ])('are read with %s', (_, text) => {
    const script = file(text);
    expect(needsOf(script)).toEqual([script, ...SHELL_NEEDS]);
    expect(runs(script)).toBe(true);
  });

  test('have an interpreter that is relative to the working directory of the child', () => {
    const folder = join(base, 'relative');
    mkdirSync(folder);
    copyFileSync(realpathSync('/bin/sh'), join(folder, 'sh'));
    const script = file('#!./sh\n');
    const loader = SHELL_NEEDS.slice(1);
    const { needs: paths } = findNeeds([script], folder);
    expect(paths).toEqual([script, `${folder}/./sh`, ...loader]);
    expect(spawnSync(script, { cwd: folder }).status).toBe(0);
  });

  test('need as many interpreters as the kernel runs', () => {
    const scripts = [file('#!/bin/sh\nexit 0\n')];
    for (let i = 0; i < 5; i++) scripts.unshift(file(`#!${scripts[0]}\n`));
    const [tooLong = '', longest = ''] = scripts;
    expect(needsOf(longest)).toEqual([...scripts.slice(1), ...SHELL_NEEDS]);
    expect(runs(longest)).toBe(true);
    expect(needsOf(tooLong)).toEqual(scripts);
    expect(spawnSync(tooLong).error).toMatchObject({ code: 'ELOOP' });
  });

  test('that name themselves end', () => {
    const path = join(base, 'itself');
    writeFileSync(path, `#!${path}\n`, { mode: 0o755 });
    expect(new Set(needsOf(path))).toEqual(new Set([path]));
  });

  test('get no file that can’t be executed', () => {
    const secret = file('secret', 0o600);
    const script = file(`#!${secret}\n`);
    expect(needsOf(script)).toEqual([script]);
    expect(needsOf(file(`#!${base}\n`))).not.toContain(base);
  });
});

describe('a file of no known format is run by /bin/sh', () => {
  test.each([
    ['without #!', 'exit 0\n'],
    ['that is empty', ''],
    ['with #! and nothing else', '#!'],
    ['with an empty #! line', '#! \t\nexit 0\n'],
    ['whose #! line names more than the kernel reads', `#!/${'x'.repeat(300)}\n`],
  ])('%s', (_, text) => {
    const path = file(text);
    expect(needsOf(path)).toEqual([path, ...SHELL_NEEDS]);
  });

  test('but is not granted as an interpreter: where every file is executable, it may be a secret', () => {
    const secret = file('secret\n', 0o777);
    const script = file(`#!${secret}\n`);
    const outer = file(`#!${script}\n`);
    expect(needsOf(script)).toEqual([script]);
    expect(needsOf(outer)).toEqual([outer, script]);
    expect(findNeeds([script], base).isSettled).toBe(false);
  });
});

/** An ELF file with a program header that is not an interpreter and one that is. */
function elf(bits: 32 | 64, order: 'LE' | 'BE', change: (content: Buffer) => void = () => {}): Buffer {
  const [header, entry, name] = [bits === 64 ? 64 : 52, bits === 64 ? 56 : 32, `${base}/loader\0`];
  const content = Buffer.alloc(header + 2 * entry + 500 + name.length);
  const put = (value: number, at: number, size: number) =>
    order === 'LE' ? content.writeUIntLE(value, at, size) : content.writeUIntBE(value, at, size);
  const putWord = (value: number, at: number) =>
    bits === 32 ? put(value, at, 4) : put(value, order === 'LE' ? at : at + 4, 4);
  content.write('\x7fELF', 'latin1');
  content[4] = bits / 32;
  content[5] = order === 'LE' ? 1 : 2;
  putWord(header, bits === 64 ? 32 : 28);
  put(entry, bits === 64 ? 54 : 42, 2);
  put(2, bits === 64 ? 56 : 44, 2);
  const at = header + entry;
  put(1, header, 4);
  put(3, at, 4);
  putWord(header + 2 * entry + 500, at + (bits === 64 ? 8 : 4));
  putWord(name.length, at + (bits === 64 ? 32 : 16));
  content.write(name, header + 2 * entry + 500);
  change(content);
  return content;
}

describe('ELF files', () => {
  copyFileSync(realpathSync('/bin/sh'), join(base, 'loader'));

  test.each([
    [32, 'LE'],
    [32, 'BE'],
    [64, 'LE'],
    [64, 'BE'],
  ] as const)('of %i bits, %s', (bits, order) => {
    const path = file(elf(bits, order));
    expect(needsOf(path)).toEqual([path, join(base, 'loader')]);
  });

  test('get no loader that is no ELF file', () => {
    const path = file(elf(64, 'LE', (content) => content.write('L', content.indexOf('/loader') + 1)));
    writeFileSync(join(base, 'Loader'), 'secret\n', { mode: 0o777 });
    expect(needsOf(path)).toEqual([path]);
    expect(findNeeds([path], base).isSettled).toBe(false);
  });

  test('without an interpreter are static programs', () => {
    const path = file(elf(64, 'LE', (content) => content.writeUInt32LE(1, 64 + 56)));
    expect(needsOf(path)).toEqual([path]);
    expect(findNeeds([path], base).isSettled).toBe(true);
  });

  test.each<[string, (content: Buffer) => unknown]>([
    ['of an unknown class', (content) => content.writeUInt8(3, 4)],
    ['of an unknown byte order', (content) => content.writeUInt8(0, 5)],
    ['with program headers of another size', (content) => content.writeUInt16LE(55, 54)],
    ['without program headers', (content) => content.writeUInt16LE(0, 56)],
    ['with too many program headers', (content) => content.writeUInt16LE(0xffff, 56)],
    ['with program headers beyond the end', (content) => content.writeBigUInt64LE(2n ** 64n - 1n, 32)],
    ['with a name beyond the end', (content) => content.writeBigUInt64LE(2n ** 63n, 64 + 56 + 8)],
    ['with a name that is too long', (content) => content.writeBigUInt64LE(5_000n, 64 + 56 + 32)],
    ['with an empty name', (content) => content.writeBigUInt64LE(1n, 64 + 56 + 32)],
    ['with a name that does not end', (content) => content.fill('x', 64 + 112 + 500)],
    ['cut off in the header', (content) => content.subarray(0, 40)],
    ['cut off in the program headers', (content) => content.subarray(0, 100)],
    ['cut off after the magic number', (content) => content.subarray(0, 4)],
  ])('%s are of no known format', (_, change) => {
    const content = elf(64, 'LE');
    const part = change(content);
    const path = file(Buffer.isBuffer(part) && part.length < 200 ? part : content);
    expect(needsOf(path)).toEqual([path, ...SHELL_NEEDS]);
  });
});

describe('candidates', () => {
  const program = file(readFileSync(realpathSync('/bin/sh')));

  test('that are missing, not regular or not executable are passed over', () => {
    const pipe = join(base, 'pipe');
    execFileSync('mkfifo', ['-m', '755', pipe]);
    const notExecutable = file('#!/bin/sh\n', 0o644);
    const candidates = [join(base, 'missing'), join(program, 'below'), base, pipe, notExecutable, program, '/bin/true'];
    expect(needsOf(...candidates)).toEqual([program, ...SHELL_NEEDS.slice(1)]);
  });

  test('of which none can be executed need nothing', () => {
    expect(needsOf(join(base, 'missing'), base, '')).toEqual([]);
    expect(needsOf()).toEqual([]);
  });

  test('of which an interpreter is missing are left out if a later one can be started', () => {
    const broken = file(`#!${base}/missing\n`);
    const outer = file(`#!${broken}\n`);
    expect(needsOf(broken, outer, program, '/bin/true')).toEqual([program, ...SHELL_NEEDS.slice(1)]);
    expect(needsOf(outer, broken)).toEqual([outer, broken, broken]);
  });

  test('are relative to the working directory of the child', () => {
    const name = program.slice(base.length + 1);
    expect(needsOf(`./${name}`)[0]).toBe(program);
    expect(findNeeds([name], '/usr').needs).toEqual([]);
  });

  test('are followed if they are links', () => {
    const link = join(base, 'link');
    symlinkSync(program, link);
    expect(needsOf(link)[0]).toBe(program);
    symlinkSync(link, join(base, 'loop'));
    rmSync(link);
    symlinkSync('loop', link);
    expect(needsOf(link)).toEqual([]);
  });
});

test('a program that can be executed but not read needs nothing but itself', () => {
  const path = file('#!/bin/sh\n', 0o311);
  const isRoot = process.geteuid?.() === 0;
  // The permission to execute is that of the real user, and root has it.
  if (isRoot) process.seteuid?.(65534);
  try {
    expect(needsOf(path)).toEqual([path]);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

describe('a program that has changed is read again', () => {
  test('after its content was replaced', () => {
    const path = file('#!/bin/sh\n');
    expect(needsOf(path)).toEqual([path, ...SHELL_NEEDS]);
    renameSync(file('#!/bin/missing\n'), path);
    expect(needsOf(path)).toEqual([path]);
  });

  test('after it became executable', () => {
    const path = file('#!/bin/sh\n', 0o644);
    expect(needsOf(path)).toEqual([]);
    chmodSync(path, 0o755);
    expect(needsOf(path)).toEqual([path, ...SHELL_NEEDS]);
    chmodSync(path, 0o644);
    expect(needsOf(path)).toEqual([]);
  });

  test('after its folder was renamed, and its link leads there', () => {
    const [first, second, link] = [join(base, 'version-1'), join(base, 'version-2'), join(base, 'changing')];
    mkdirSync(first);
    writeFileSync(join(first, 'program'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync(join(first, 'program'), link);
    expect(needsOf(link)[0]).toBe(join(first, 'program'));
    renameSync(first, second);
    rmSync(link);
    symlinkSync(join(second, 'program'), link);
    expect(needsOf(link)[0]).toBe(join(second, 'program'));
  });
});

describe('the needs are settled', () => {
  const isSettled = (...candidates: readonly string[]) => findNeeds(candidates, base).isSettled;

  function link(target: string): string {
    const path = join(base, `link-${number++}`);
    symlinkSync(target, path);
    return path;
  }

  test.each([
    ['a program', () => process.execPath],
    ['a script', () => file('#!/bin/sh\n')],
    ['a script of a script', () => file(`#!${file('#!/bin/sh\n')}\n`)],
  ])('if the files name all of them: %s', (_, path) => {
    expect(isSettled(realpathSync(path()))).toBe(true);
  });

  test('if files that are looked at before are missing or links: these are its places', () => {
    const [none, program] = [join(base, 'none'), file('#!/bin/sh\n')];
    const path = link(program);
    const { needs, places, isSettled } = findNeeds([none, path], base);
    expect(needs[0]).toBe(program);
    expect(places).toEqual([none, path]);
    expect(isSettled).toBe(true);
  });

  test('not if one of these can’t be reached: it is no place', () => {
    const loop = join(base, `loop-${number++}`);
    symlinkSync(loop, loop);
    const { places, isSettled } = findNeeds([join(loop, 'none'), file('#!/bin/sh\n')], base);
    expect({ places, isSettled }).toEqual({ places: [], isSettled: false });
  });

  test.each([
    ['a program behind a candidate that can’t be executed', () => [file('', 0o644), file('#!/bin/sh\n')]],
    ['a program behind one whose interpreter is missing', () => [file(`#!${join(base, 'none')}\n`), process.execPath]],
    ['a script whose interpreter is missing', () => [file(`#!${join(base, 'none')}\n`)]],
    ['a file of an unknown format', () => [file('')]],
    ['a missing program', () => [join(base, 'none')]],
  ])('not if other files could change them: %s', (_, candidates) => {
    expect(isSettled(...candidates())).toBe(false);
  });
});

describe('a module needs', () => {
  const folder = join(base, 'modules');
  mkdirSync(join(folder, 'a/b'), { recursive: true });

  test('its file, also without .js, and the nearest package.json', () => {
    const module = join(folder, 'a/b/main');
    writeFileSync(join(folder, 'package.json'), '');
    expect(moduleNeeds(module)).toEqual([module, `${module}.js`, join(folder, 'package.json')]);
    writeFileSync(join(folder, 'a/package.json'), '');
    expect(moduleNeeds(module)).toEqual([module, `${module}.js`, join(folder, 'a/package.json')]);
    writeFileSync(join(folder, 'a/b/package.json'), '');
    expect(moduleNeeds(module)).toEqual([module, `${module}.js`, join(folder, 'a/b/package.json')]);
  });

  test('no package.json where there is none', () => {
    expect(moduleNeeds('/none/module')).toEqual([
      '/none/module',
      '/none/module.js',
      ...['/package.json'].filter(existsSync),
    ]);
  });
});

test('a relative program is beneath the working directory, whose `..` stays', () => {
  expect(['/a/../b', '../b'].map((path) => absolute(path, '/w/x'))).toEqual(['/a/../b', '/w/x/../b']);
  expect(absolute('b', 'w')).toBe(`${process.cwd()}/w/b`);
});
