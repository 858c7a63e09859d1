/** What addon-host.c is compiled with. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The C compiler's flags: a function that ends the program for each one that the addon imports and the host lacks. */
export function addonHostFlags(addon: string): readonly string[] {
  const source = readFileSync(fileURLToPath(new URL('addon-host.c', import.meta.url)), 'utf8');
  const imported = execFileSync('nm', ['--dynamic', '--undefined-only', addon], { encoding: 'utf8' });
  const names = Array.from(imported.matchAll(/ U ((?:napi|uv)_\w+)$/gm), ([, name]) => String(name));
  const unused = names.filter((name) => !source.includes(`API(${name},`));
  return [`-DUNUSED_FUNCTIONS=${unused.map((name) => `UNUSED(${name})`).join(' ')}`];
}
