/** How the running kernel was built. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';

/** The kernel's options about seccomp and Landlock, and the file that lists them; `file` is null if there is no readable file. */
export type KernelConfig =
  | { readonly file: string; readonly options: Readonly<Record<string, string>> }
  | { readonly file: null };

/** Reads the CONFIG_SECCOMP* options, and that of Landlock, from the files where distributions keep the kernel's configuration. */
export function kernelConfig(): KernelConfig {
  const version = release();
  for (const file of ['/proc/config.gz', `/boot/config-${version}`, `/lib/modules/${version}/config`]) {
    const text = readConfig(file);
    if (text === undefined) continue;
    return {
      file,
      options: Object.fromEntries(
        [...text.matchAll(/^(CONFIG_SECCOMP\w*|CONFIG_SECURITY_LANDLOCK)=(.*)$/gm)].map(([, k, v]) => [k, v]),
      ),
    };
  }
  return { file: null };
}

function readConfig(file: string): string | undefined {
  try {
    const bytes = readFileSync(file);
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  } catch {
    return undefined; // Missing or not readable: the caller tries the next file.
  }
}
