#!/usr/bin/env node
/** The executable of the command `seccomp`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommanderError } from 'commander';
import { exitFailed } from './exit-status.js';
import { reportFailure } from './output/print.js';
import { createProgram } from './program.js';

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

createProgram(version)
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof CommanderError)) reportFailure(error);
    else if (error.exitCode !== 0) exitFailed();
  });
