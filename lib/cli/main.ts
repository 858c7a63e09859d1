#!/usr/bin/env node
/** The command `seccomp`. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { checkCommand } from './commands/check.js';
import { doctorCommand } from './commands/doctor.js';
import { explainCommand } from './commands/explain.js';
import { recordCommand } from './commands/record.js';
import { runCommand } from './commands/run.js';
import { fail, OURS, print, printError } from './output/print.js';
import { refuseSecondValues } from './repeated-options.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('seccomp')
  .description('Run programs under a seccomp profile: no root, no daemon, no container.')
  .version(version)
  .enablePositionalOptions()
  .configureOutput({
    writeOut: print,
    writeErr: printError,
    outputError: (text, write) => write(`seccomp: ${text.replace(/^error: /, '')}`),
  })
  .showHelpAfterError('(seccomp --help shows how it is used)')
  .exitOverride();

for (const command of [runCommand(), recordCommand(), checkCommand(), explainCommand(), doctorCommand()])
  program.addCommand(refuseSecondValues(command.copyInheritedSettings(program)));

program.parseAsync().catch((error: unknown) => {
  if (!(error instanceof CommanderError)) fail(error);
  else if (error.exitCode !== 0) process.exitCode = OURS;
});
