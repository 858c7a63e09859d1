#!/usr/bin/env node
/** The command `seccomp`. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { checkCommand } from './check.js';
import { doctorCommand } from './doctor.js';
import { explainCommand } from './explain.js';
import { refuseSecondValues } from './once.js';
import { messageOf } from './reading.js';
import { recordCommand } from './record.js';
import { runCommand } from './run.js';

/** A failure that is the command's own, as for env(1), nohup(1) and docker run. */
export const OURS = 125;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('seccomp')
  .description('Run programs under a seccomp profile: no root, no daemon, no container.')
  .version(version)
  .enablePositionalOptions()
  .configureOutput({ outputError: (text, write) => write(`seccomp: ${text.replace(/^error: /, '')}`) })
  .showHelpAfterError('(seccomp --help shows how it is used)')
  .exitOverride();

for (const command of [runCommand(), recordCommand(), checkCommand(), explainCommand(), doctorCommand()])
  program.addCommand(refuseSecondValues(command.copyInheritedSettings(program)));

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : OURS;
  else {
    process.stderr.write(`seccomp: ${messageOf(error)}\n`);
    process.exitCode = OURS;
  }
});
