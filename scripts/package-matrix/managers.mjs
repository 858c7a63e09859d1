/** Rows: the tarball, installed by each package manager as it is by default. */
import { Failure, runCommand, runJob } from './project.mjs';
import { versionOf } from './tools.mjs';

/** How a package manager adds the tarball, and how it starts a program and the package's command. */
const MANAGERS = [
  {
    what: 'npm 11',
    tool: 'npm 11',
    commands: ['npm', 'npx'],
    add: (file) => ['npm', ['install', file]],
    command: ['npx', ['seccomp']],
    quick: true,
  },
  {
    what: 'npm 12',
    tool: 'npm 12',
    commands: ['npm', 'npx'],
    add: (file) => ['npm', ['install', file]],
    command: ['npx', ['seccomp']],
    after: noInstallScripts,
    quick: true,
  },
  {
    what: 'npm 12 --offline --ignore-scripts',
    tool: 'npm 12',
    commands: ['npm', 'npx'],
    add: (file) => ['npm', ['install', '--offline', '--ignore-scripts', file]],
    command: ['npx', ['seccomp']],
  },
  {
    what: 'pnpm 10',
    tool: 'pnpm 10',
    commands: ['pnpm'],
    add: (file) => ['pnpm', ['add', file]],
    command: ['pnpm', ['exec', 'seccomp']],
    quick: true,
  },
  {
    what: 'pnpm 12',
    tool: 'pnpm 12',
    commands: ['pnpm'],
    add: (file) => ['pnpm', ['add', file]],
    command: ['pnpm', ['exec', 'seccomp']],
  },
  {
    what: 'yarn 1',
    tool: 'yarn 1',
    commands: ['yarn'],
    add: (file) => ['yarn', ['add', file]],
    command: ['yarn', ['--silent', 'seccomp']],
  },
  {
    what: 'yarn 4, node_modules',
    tool: 'yarn 4',
    commands: ['yarn'],
    files: { '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' },
    add: (file) => ['yarn', ['add', `seccomp@file:${file}`]],
    command: ['yarn', ['seccomp']],
  },
  {
    what: "yarn 4, Plug'n'Play",
    tool: 'yarn 4',
    commands: ['yarn'],
    files: { '.yarnrc.yml': 'nodeLinker: pnp\n', 'yarn.lock': '' },
    add: (file) => ['yarn', ['add', `seccomp@file:${file}`]],
    program: ['yarn', ['node']],
    command: ['yarn', ['seccomp']],
    quick: true,
  },
  {
    what: "Bun's installer, then Node",
    tool: 'bun',
    commands: ['bun'],
    add: (file) => ['bun', ['add', file]],
    command: ['./node_modules/.bin/seccomp'],
  },
];

export const managers = MANAGERS.map(({ what, tool, commands, quick, ...manager }) => ({
  what,
  version: versionOf(tool),
  quick: quick === true,
  tools: [
    [tool, ...commands],
    ['node 24', 'node'],
  ],
  async run(project) {
    for (const [name, text] of Object.entries(manager.files ?? {})) project.write(name, text);
    await project.run(...manager.add(project.tarball));
    const [command, args] = manager.program ?? ['node', []];
    const job = await runJob(project, command, [...args, 'program.mjs']);
    const details = [job, await runCommand(project, ...manager.command), await manager.after?.(project)];
    return details.filter((detail) => detail !== undefined).join(', ');
  },
}));

async function noInstallScripts(project) {
  const { stdout } = await project.run('npm', ['install-scripts', 'ls', '--json']);
  if (JSON.parse(stdout).allowScripts.length > 0) throw new Failure(`\`npm install-scripts ls\` lists ${stdout}`);
  return '`install-scripts ls` lists nothing';
}
