/** Finding and loading the addon in a folder that looks like an installed package. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { launcherBeside, loadAddon } from '../../lib/addon/load.js';
import { unsupportedReason } from '../../lib/addon/platform.js';

const built = fileURLToPath(new URL('../../build/Release', import.meta.url));
const { version } = createRequire(import.meta.url)('../../package.json');
const PREBUILT = `prebuilds/${process.platform}-${process.arch}`;
/** The folders in the order in which they are searched. */
const FOLDERS = [PREBUILT, 'build/Release', 'native/build/Release'];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seccomp-addon-'));
  write('package.json', JSON.stringify({ name: 'seccomp', version }));
});
afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
const add = (place: string, name = 'seccomp.node') => cpSync(join(built, name), join(folder, place, name));
const failing = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const ADDON = 'ERR_SECCOMP_ADDON';

describe('the addon', () => {
  test.each(FOLDERS)('is found in %s', (place) => {
    add(place);
    const { file, exports } = loadAddon(folder);
    expect([file, exports]).toEqual([join(folder, place, 'seccomp.node'), expect.objectContaining({ version })]);
  });

  const inOrder = FOLDERS.slice(1).map((later, i) => [FOLDERS[i] ?? '', later] as const);
  test.each(inOrder)('in %s comes before that in %s', (first, second) => {
    add(second);
    add(first);
    expect(loadAddon(folder).file).toBe(join(folder, first, 'seccomp.node'));
  });

  test.each(inOrder)('that is damaged in %s is left for that in %s', (first, second) => {
    write(`${first}/seccomp.node`, 'damaged');
    add(second);
    expect(loadAddon(folder).file).toBe(join(folder, second, 'seccomp.node'));
  });

  test('is refused for another version, although a later folder has one that fits', () => {
    write('package.json', '{"name": "seccomp", "version": "99.0.0"}');
    add(PREBUILT);
    add('build/Release');
    const message = new RegExp(
      `^the addon was built for version ${version} of seccomp, and this is 99\\.0\\.0 \\(${folder}/prebuilds`,
    );
    expect(() => loadAddon(folder)).toThrow(failing(ADDON, message));
  });

  test('is refused for an unknown version', () => {
    add(PREBUILT);
    for (const text of ['{"name": "seccomp"}', 'no JSON']) {
      write('package.json', text);
      expect(() => loadAddon(folder)).toThrow(
        failing(ADDON, new RegExp(`for version ${version} of seccomp, and this is unknown`)),
      );
      rmSync(join(folder, 'package.json'));
    }
  });

  test('that can’t be loaded is named as the first of several', () => {
    for (const place of FOLDERS) write(`${place}/seccomp.node`, 'damaged');
    expect(() => loadAddon(folder)).toThrow(failing(ADDON, new RegExp(`${folder}/prebuilds.*: file too short`)));
  });

  test('that is missing is looked for in all folders', () => {
    const message = `no seccomp.node in ${FOLDERS.join(', ')} of ${folder}: `;
    expect(() => loadAddon(folder)).toThrow(failing(ADDON, new RegExp(message.replaceAll('.', '\\.'))));
  });

  test('has its guardian opened, so that the launcher’s file may vanish', () => {
    add(PREBUILT);
    add(PREBUILT, 'seccomp-launch');
    const { file, exports } = loadAddon(folder);
    const opened: string[] = [];
    Reflect.set(exports, 'openGuardian', (launcher: string) => opened.push(launcher));
    loadAddon(folder);
    expect(opened).toEqual([join(dirname(file), 'seccomp-launch')]);
  });
});

describe('the launcher', () => {
  const addonFile = () => join(folder, PREBUILT, 'seccomp.node');
  const launcher = () => join(folder, PREBUILT, 'seccomp-launch');

  test('is beside the addon', () => {
    add(PREBUILT, 'seccomp-launch');
    expect(launcherBeside(addonFile(), folder)).toBe(launcher());
  });

  test('that is missing is an error with what to do', () => {
    const message =
      /^the launcher is missing beside the addon \(no .*\/seccomp-launch\): install the package in .* again$/;
    expect(() => launcherBeside(addonFile(), folder)).toThrow(failing(ADDON, message));
  });

  test('that can’t be executed is an error with what to do', () => {
    write(`${PREBUILT}/seccomp-launch`, '');
    const message = /^the launcher can't be executed \(EACCES: .*\): run "chmod a\+rx .*\/seccomp-launch"$/;
    expect(() => launcherBeside(addonFile(), folder)).toThrow(failing(ADDON, message));
    expect(existsSync(launcher())).toBe(true);
  });
});

describe('a system', () => {
  const onSystem = (properties: object) =>
    vi.stubGlobal('process', Object.create(process, Object.getOwnPropertyDescriptors(properties)));

  test('of another kind than Linux has no addon', () => {
    onSystem({ platform: 'darwin' });
    add(PREBUILT);
    expect(unsupportedReason()).toBe('seccomp is a part of Linux and this is darwin');
    const message =
      /^seccomp is a part of Linux and this is darwin: profiles can be checked and compiled here, but not attached$/;
    expect(() => loadAddon(folder)).toThrow(failing('ERR_SECCOMP_UNSUPPORTED', message));
  });

  test.each([
    ['bun', 'Bun'],
    ['deno', 'Deno'],
  ])('with the runtime %s has no addon', (key, name) => {
    onSystem({ versions: { ...process.versions, [key]: '1.2.3' } });
    expect(unsupportedReason()).toBe(
      `seccomp's addon needs Node.js, as it calls functions of libuv, and this is ${name} 1.2.3`,
    );
  });

  test('with Node on Linux has one', () => {
    expect(unsupportedReason()).toBeUndefined();
    onSystem({ versions: Object.create({ bun: '1.2.3' }) });
    expect(unsupportedReason()).toBeUndefined();
  });
});
