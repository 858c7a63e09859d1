#!/usr/bin/env node
// The shell in which npm and pnpm run the scripts of packages: without network, and without variables that hold secrets.
import { execve, Profile } from 'seccomp';

// As in no-network.json.
const profile = Profile.denylist().deny('socket', 'io_uring_setup', 'ptrace', { errno: 'EACCES' });

// All other variables are dropped.
const passed = /^(PATH|HOME|LANG|TMPDIR|NODE|CI|INIT_CWD|npm_(?!config_\/\/).*)$/;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name)));

// npm starts this program as `install-shell.mjs -c SCRIPT`. /bin/sh replaces it.
execve('/bin/sh', process.argv.slice(2), profile, { env });
