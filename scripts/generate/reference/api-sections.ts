/** The sections of the API reference: what a reader wants to do, and the exports for it. Other exports are types. */

export interface Section {
  readonly title: string;
  /** What its exports are for, for the table of contents. */
  readonly task: string;
  readonly exports: readonly string[];
}

export const SECTIONS: readonly Section[] = [
  {
    title: 'Starting programs',
    task: 'Start a program under a profile',
    exports: [
      'spawn',
      'run',
      'spawnSync',
      'fork',
      'execve',
      'Sandbox',
      'SandboxedProcess',
      'RunResult',
      'SpawnSyncResult',
    ],
  },
  {
    title: 'Hardening this process',
    task: 'Attach a profile to the process that runs',
    exports: ['harden', 'Hardened', 'seccomp/register', 'isSupported'],
  },
  {
    title: 'Profiles',
    task: 'Read, check, build and write profiles',
    exports: [
      'loadProfile',
      'parseProfile',
      'checkProfile',
      'Profile',
      'arg',
      'extend',
      'stringify',
      'syscallGroup',
      'constants',
    ],
  },
  {
    title: 'Analysis',
    task: 'Find out what a profile decides, compare and combine profiles, look into filters',
    exports: [
      'explain',
      'compare',
      'intersect',
      'union',
      'resolve',
      'evaluate',
      'thisHost',
      'compile',
      'Filter',
      'prove',
      'decompile',
      'disassemble',
    ],
  },
  {
    title: 'Recording and supervision',
    task: 'Record what a program needs, see what is denied, answer calls',
    exports: ['record', 'Recording', 'Violation', 'NotifiedCall', 'NotifyResponse', 'listen', 'Agent', 'AgentEvents'],
  },
  {
    title: 'Testing',
    task: 'Assert in a test suite what a profile decides and what a program needs',
    exports: [
      'assertAllowed',
      'assertDenied',
      'assertRunsUnder',
      'assertNeedsNoMore',
      'probe',
      'neededSyscalls',
      'matchers',
      'SeccompMatchers',
      'seccomp/testing/vitest',
      'seccomp/testing/jest',
    ],
  },
  {
    title: 'Errors',
    task: 'Handle errors',
    exports: ['SeccompError', 'SeccompErrorCode', 'ProfileError', 'ProfileIssue', 'RunError'],
  },
];

/** Entry points without exports, and what they do. */
export const MODULES: ReadonlyMap<string, string> = new Map([
  [
    'seccomp/register',
    `Attaches a profile to a Node process before its program starts: \`node --import seccomp/register server.js\`, or with
\`--require\`. The environment variable \`SECCOMP_PROFILE\` names the profile: a built-in's name, a path, JSON text, or
\`unconfined\` to attach nothing. If the variable is missing or the profile cannot be attached, the process prints the reason
and exits with status 125, and the program does not run. Worker threads are under the same profile. \`SECCOMP_PATHS\`, if it is set, has
[paths](../paths.md) as JSON. On Node 22 and later, a profile that denies
\`io_uring_setup\` makes the process start Node once more, without io_uring. See docs/reference/node-processes.md#seccompregister.`,
  ],
  [
    'seccomp/testing/vitest',
    `Adds the [matchers](#seccompmatchers) and their types to the \`expect\` of Vitest 3 or later. Name it in \`setupFiles\`, and for the types in
\`compilerOptions.types\` of tsconfig.json: \`["seccomp/testing/vitest"]\`. See docs/testing.md.`,
  ],
  [
    'seccomp/testing/jest',
    `Adds the [matchers](#seccompmatchers) and their types to the \`expect\` of Jest 29 or later, to that of \`@jest/globals\` as well as to the
global one of \`@types/jest\`. Name it in \`setupFilesAfterEnv\`, and for the types in \`compilerOptions.types\` of tsconfig.json:
\`["seccomp/testing/jest"]\`. See docs/testing.md.`,
  ],
]);

/** The types of members that the compiler would print as types of the package's own table of fields. */
export const MEMBER_TYPES: ReadonlyMap<string, string> = new Map([
  ['ProfileDocument.syscalls?', 'readonly RuleDocument[] | null'],
  [
    'ProfileDocument.archMap?',
    'readonly { architecture: string; subArchitectures?: readonly string[] | null }[] | null',
  ],
  [
    'RuleDocument.args?',
    'readonly { index: number; value: number | bigint; valueTwo?: number | bigint | null; op: string }[] | null',
  ],
  ['RuleDocument.includes?', '{ caps?: readonly string[]; arches?: readonly string[]; minKernel?: string } | null'],
  ['RuleDocument.excludes?', '{ caps?: readonly string[]; arches?: readonly string[]; minKernel?: string } | null'],
]);
