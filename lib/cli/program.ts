/** The command `seccomp` with its subcommands: what it parses, and its help. */
import { Command } from 'commander';
import { printableLine } from '../util/foreign-text.js';
import { checkCommand } from './commands/check.js';
import { doctorCommand } from './commands/doctor.js';
import { explainCommand } from './commands/explain.js';
import { recordCommand } from './commands/record.js';
import { runCommand } from './commands/run.js';
import { refuseSecondValues } from './options/repeated-options.js';
import { print, printError } from './output/print.js';

/** A message of commander: one line, and perhaps a proposal in another one. It can have arguments of the command line. */
function errorText(text: string): string {
  const [, message = '', proposal = ''] = /^(?:error: )?(.*?)(\n\(Did you mean [^\n]*\))?\n?$/s.exec(text) ?? [];
  return `${printableLine(message)}${proposal}`;
}

/** Returns the command. Its subcommands run when it parses arguments. */
export function createProgram(version: string): Command {
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
      outputError: (text, write) => write(`seccomp: ${errorText(text)}\n`),
    })
    .showHelpAfterError('(run seccomp --help for usage)')
    .exitOverride();
  for (const command of [runCommand(), recordCommand(), checkCommand(), explainCommand(), doctorCommand()])
    program.addCommand(
      refuseSecondValues(command.copyInheritedSettings(program)).showHelpAfterError(
        `(run seccomp ${command.name()} --help for usage)`,
      ),
    );
  return program;
}
