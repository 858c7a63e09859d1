/** Options that are given, and those that are given more than once. */
import type { Command } from 'commander';
import { withoutUndefined } from '../../util/own-data.js';

/** The flags of which the values are given. */
export const givenFlags = (values: object): readonly string[] =>
  Object.keys(withoutUndefined(values)).map((name) => `--${name}`);

/** Parses an option that may be repeated: collects its values. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Refuses a second value for each option that may not be repeated. Commander would silently use the last one. */
export function refuseSecondValues(command: Command): Command {
  for (const option of command.options) {
    const { parseArg } = option;
    if (!option.required || parseArg === several) continue;
    option.argParser((value: string, before: unknown) => {
      if (command.getOptionValueSource(option.attributeName()) === 'cli')
        command.error(`error: option '${option.flags}' can be given only once`);
      return parseArg === undefined ? value : parseArg(value, before);
    });
  }
  return command;
}
