/** `seccomp check`: tells everything that is wrong with profiles, or looks wrong. */
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { describeIssue } from '../errors.js';
import { thisHost } from '../host.js';
import { type CheckOptions, checkProfile, type ProfileFormat, type ProfileIssue } from '../index.js';

interface CheckCommandOptions {
  readonly compat: boolean;
  readonly format?: ProfileFormat;
  readonly json: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .description('tell what is wrong with profiles, by JSON path, line and column; exit 1 if there are errors')
    .argument('<profile...>', "a built-in's name, a path, or JSON text")
    .option('--compat', 'do as the runtimes do: what they take is no more than a warning', false)
    .addOption(
      new Option('--format <format>', 'whose reading counts, if not by what the document holds').choices([
        'docker',
        'podman',
        'oci',
      ]),
    )
    .option('--json', 'print the findings as JSON', false)
    .action(check);
}

function check(profiles: readonly string[], { compat, format, json }: CheckCommandOptions): void {
  const mode = compat ? 'compat' : 'strict';
  const options: CheckOptions = { mode, host: thisHost(), ...(format ? { format } : {}) };
  const found = profiles.map((profile) => ({ profile: nameOf(profile), issues: checkProfile(profile, options) }));
  process.exitCode = found.some(({ issues }) => issues.some(({ severity }) => severity === 'error')) ? 1 : 0;
  if (json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else
    process.stdout.write(found.flatMap(({ profile, issues }) => issues.map((issue) => line(profile, issue))).join(''));
}

function nameOf(profile: string): string {
  return /^\s*\{/.test(profile) ? 'inline' : profile;
}

function line(source: string, issue: ProfileIssue): string {
  const severity = issue.severity === 'error' ? colors.red('error') : colors.yellow('warning');
  return `${severity} ${describeIssue(source, issue)}\n`;
}
