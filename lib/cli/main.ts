#!/usr/bin/env node
/** The executable of the command `seccomp`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { checkCommand } from './commands/check.js';
import { doctorCommand } from './commands/doctor.js';
import { explainCommand } from './commands/explain.js';
import { recordCommand } from './commands/record.js';
import { runCommand } from './commands/run.js';
import { exitFailed } from './exit-status.js';
import { print, printError, reportFailure } from './output/print.js';
import { refuseSecondValues } from './repeated-options.js';

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

const program = new Command('seccomp')
  .description('Runs programs under seccomp profiles: no root, no daemon, no container.')
  .usage('[options] <command>')
  .configureHelp({ subcommandTerm: (command) => command.name() })
  .helpCommand('help', 'display help for a command')
  .version(version)
  .enablePositionalOptions()
  .configureOutput({
    writeOut: print,
    writeErr: printError,
    outputError: (text, write) => write(`seccomp: ${text.replace(/^error: /, '')}`),
  })
  .showHelpAfterError('(run seccomp --help for usage)')
  .exitOverride();

for (const command of [runCommand(), recordCommand(), checkCommand(), explainCommand(), doctorCommand()])
  program.addCommand(
    refuseSecondValues(command.copyInheritedSettings(program)).showHelpAfterError(
      `(run seccomp ${command.name()} --help for usage)`,
    ),
  );

program.parseAsync().catch((error: unknown) => {
  if (!(error instanceof CommanderError)) reportFailure(error);
  else if (error.exitCode !== 0) exitFailed();
});
