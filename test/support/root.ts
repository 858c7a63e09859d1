import { fileURLToPath } from 'node:url';

/** The package's folder, from which scripts import `seccomp` and development dependencies. This module loads no sources of the package. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url));
