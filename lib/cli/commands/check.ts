/** `seccomp check`: reports the errors and warnings in profiles and sandbox files. */
import { styleText } from 'node:util';
import { Command } from 'commander';
import { describeIssue } from '../../errors.js';
import type { CheckOptions, ProfileIssue } from '../../index.js';
import { exitWithResult } from '../exit-status.js';
import { type HostFlags, hostIn, withHostOptions } from '../options/host-options.js';
import { PROFILE_FORMS, type ProfileFlags, profileOptions, withProfileOptions } from '../options/profile-options.js';
import { print, printJson, reportFailure } from '../output/print.js';
import { checkArgument } from '../profile-argument.js';

interface CheckFlags extends ProfileFlags, HostFlags {
  readonly json?: boolean;
}

export function checkCommand(): Command {
  return withHostOptions(withProfileOptions(new Command('check')))
    .summary('report errors and warnings in profiles and sandbox files')
    .description('Reports errors and warnings in profiles and sandbox files, each with its line, column and JSON path.')
    .argument('<file...>', `${PROFILE_FORMS}; or a sandbox file`)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit status: 0 without errors, 1 with errors, 125 if a file is unreadable.')
    .action(checkProfiles);
}

async function checkProfiles(profiles: readonly string[], flags: CheckFlags): Promise<void> {
  const options: CheckOptions = { ...profileOptions(flags), host: hostIn(flags).host };
  const checked: Awaited<ReturnType<typeof checkArgument>>[] = [];
  for (const profile of profiles) {
    try {
      checked.push(await checkArgument(profile, options));
    } catch (error) {
      reportFailure(error); // The other profiles are still checked.
    }
  }
  exitWithResult(checked.every(({ issues }) => issues.every(({ severity }) => severity !== 'error')));
  if (flags.json) printJson(checked);
  else print(checked.flatMap(({ profile, issues }) => issues.map((issue) => issueLine(profile, issue))).join(''));
}

function issueLine(profile: string, issue: ProfileIssue): string {
  const severity = issue.severity === 'error' ? styleText('red', 'error') : styleText('yellow', 'warning');
  return `${severity} ${describeIssue(profile, issue)}\n`;
}
