/**
 * Builds the addon: `npm install` and `npm run build`. Plain JavaScript, since it runs before everything is built.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

if (process.platform !== 'linux') {
  console.log(
    `seccomp: this is ${process.platform}: the addon is not built. Profiles can be checked and compiled, not attached.`,
  );
  process.exit(0);
}

const { env } = process;
const tools = [
  {
    command: env.npm_config_python || env.NODE_GYP_FORCE_PYTHON || env.PYTHON || 'python3',
    debian: 'python3',
    fedora: 'python3',
  },
  { command: 'make', debian: 'make', fedora: 'make' },
  { command: env.CXX?.split(' ')[0] || 'g++', debian: 'g++', fedora: 'gcc-c++' },
];
const missing = tools.filter(({ command }) => spawnSync(command, ['--version']).error !== undefined);
if (missing.length > 0) {
  const list = (key) => missing.map((tool) => tool[key]).join(' ');
  console.error(`seccomp: building the addon needs ${list('command')}. Install the missing packages:
  Debian, Ubuntu   apt-get install ${list('debian')}
  Fedora, RHEL     dnf install ${list('fedora')}
  Alpine           apk add ${list('debian')} linux-headers`);
  process.exit(1);
}

// npm names its own node-gyp in the environment. In a checkout, that of the development dependencies is on the PATH.
const npmGyp = env.npm_config_node_gyp;
const gyp = npmGyp !== undefined && existsSync(npmGyp) ? [process.execPath, npmGyp] : ['node-gyp'];
// Without headers beside this Node, node-gyp downloads them.
const prefix = dirname(dirname(process.execPath));
const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
// A makefile that another Node or another version of this package left may fail. Then all is built again.
if (existsSync('build/Makefile') && build(changed()) === 0) process.exit(0);
process.exit(build(['rebuild']));

/** Runs these steps of node-gyp, and returns the exit status. */
function build(steps) {
  const [command, ...args] = [...gyp, ...steps, '--loglevel=warn', ...headers];
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error !== undefined) console.error(`seccomp: cannot start ${command}: ${error.message}`);
  return status ?? 1;
}

/** Returns the steps of node-gyp. The makefile contains the package's version, but does not depend on package.json. */
function changed() {
  const made = statSync('build/Makefile').mtimeMs;
  return statSync('package.json').mtimeMs < made ? ['build'] : ['configure', 'build'];
}
