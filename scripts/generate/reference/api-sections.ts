/** The pages of the API reference: each has the exports for one task. */

export interface Section {
  readonly title: string;
  /** The name of its page in docs/reference/api/. */
  readonly page: string;
  /** The task of its exports, for the index. */
  readonly task: string;
  /** Its functions and classes, and the types to know with them. */
  readonly exports: readonly string[];
  /** The other types of the same task. */
  readonly types: readonly string[];
}

export const SECTIONS: readonly Section[] = [
  {
    title: 'Starting programs',
    page: 'starting',
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
    types: [
      'Descendants',
      'EncodingOption',
      'FileDescriptorLike',
      'ForkedProcess',
      'ForkOptions',
      'OnViolation',
      'OutputBytes',
      'OutputIn',
      'ProcessWithStdio',
      'ProfileOption',
      'ProgramOptions',
      'RunOptions',
      'SandboxDefaults',
      'SandboxExec',
      'SandboxExecFile',
      'SandboxExecFileSync',
      'SandboxExecSync',
      'SandboxFork',
      'SandboxSpawn',
      'SandboxSpawnSync',
      'SingleSource',
      'SourceWithoutArgs',
      'SpawnOptions',
      'SpawnSyncOptions',
      'StartSource',
      'Stdio',
      'StdioEntry',
      'StdioOption',
      'SupervisorOptions',
      'Usage',
    ],
  },
  {
    title: 'Paths, limits and isolation',
    page: 'sandboxes',
    task: 'Bound the files, memory and processes of a program, in code or in a sandbox file',
    exports: ['loadSandbox', 'LoadedSandbox', 'SandboxContents', 'delegateCgroup', 'DelegatedCgroup', 'Enforcement'],
    types: [
      'ByteSize',
      'ByteSizeText',
      'DelegateOptions',
      'DeniedBeside',
      'Isolate',
      'IsolateOptions',
      'IsolationEnforcement',
      'LimitReason',
      'Limits',
      'LimitsEnforcement',
      'LimitValue',
      'NetworkEnforcement',
      'OpenReach',
      'PathEntry',
      'PathGrant',
      'PathReach',
      'Paths',
      'PathsEnforcement',
      'PathWord',
      'Reach',
      'ResourceLimits',
      'ResourceName',
      'SandboxInput',
      'TreeEnforcement',
    ],
  },
  {
    title: 'Hardening this process',
    page: 'hardening',
    task: 'Attach a profile to the running process',
    exports: ['harden', 'Hardened', 'seccomp/register', 'isSupported'],
    types: ['HardenOptions'],
  },
  {
    title: 'Profiles',
    page: 'profiles',
    task: 'Read, check, build and write profiles',
    exports: [
      'loadProfile',
      'parseProfile',
      'checkProfile',
      'Profile',
      'arg',
      'ArgumentTest',
      'extend',
      'stringify',
      'syscallGroup',
      'constants',
    ],
    types: [
      'AllowlistOptions',
      'ArgumentTests',
      'ArgumentValue',
      'CheckOptions',
      'Condition',
      'DenyOptions',
      'MeaningOptions',
      'OciContainer',
      'ProfileDocument',
      'ProfileFormat',
      'ProfileInput',
      'ProfileMode',
      'ProfileOptions',
      'ProfileSource',
      'RuleDocument',
      'SyscallSelector',
    ],
  },
  {
    title: 'Analysis',
    page: 'analysis',
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
    types: [
      'Counterexample',
      'Decision',
      'DifferenceCase',
      'ExplainChange',
      'ExplainQuery',
      'Explanation',
      'FilterSource',
      'Host',
      'HostConditions',
      'NumberedCall',
      'Policy',
      'PolicyCall',
      'PolicyComparison',
      'PolicyDifference',
      'Proof',
      'RuleReference',
    ],
  },
  {
    title: 'Recording and supervision',
    page: 'supervision',
    task: 'Record what a program needs, see what is denied, answer calls',
    exports: ['record', 'Recording', 'Violation', 'NotifiedCall', 'NotifyResponse', 'listen', 'Agent', 'AgentEvents'],
    types: [
      'CallContainer',
      'CallerSocket',
      'EndMessage',
      'Handler',
      'Handlers',
      'ListenOptions',
      'PathsRemedy',
      'PeerCredentials',
      'PublishedProgram',
      'RecordedFile',
      'RecordedGrant',
      'RecordedKind',
      'RecordedPaths',
      'RecordOptions',
      'Remedy',
      'RemedyArgument',
      'ReturnFdOptions',
      'SocketAddress',
      'StartMessage',
    ],
  },
  {
    title: 'Testing',
    page: 'testing',
    task: 'Assert in a test suite what a profile decides and what a program needs',
    exports: [
      'assertAllowed',
      'assertDenied',
      'assertRunsUnder',
      'assertMakesNoDeniedCalls',
      'assertNeedsNoMore',
      'probe',
      'neededSyscalls',
      'matchers',
      'SeccompMatchers',
      'seccomp/testing/vitest',
      'seccomp/testing/jest',
    ],
    types: ['DenialOptions', 'NeedsOptions', 'ProbeAnswer', 'ProbeCall', 'ProbeOptions'],
  },
  {
    title: 'Errors',
    page: 'errors',
    task: 'Handle errors',
    exports: ['SeccompError', 'SeccompErrorCode', 'ProfileError', 'ProfileIssue', 'SandboxFileError', 'RunError'],
    types: [],
  },
];

/** The section of types without a task of their own, such as names, and of exports that no other section lists. */
export const OTHERS: Section = {
  title: 'Names and other types',
  page: 'types',
  task: 'The types of syscall names, ABIs and actions',
  exports: [],
  types: [],
};

/** Entry points without exports, and what they do. */
export const MODULES: ReadonlyMap<string, string> = new Map([
  [
    'seccomp/register',
    `Attaches a profile to a Node process before its program starts: \`node --import seccomp/register server.js\`, or with
\`--require\`. The environment variable \`SECCOMP_PROFILE\` names the profile: a built-in's name, a path, JSON text, or
\`unconfined\` to attach nothing. If the variable is missing or the profile cannot be attached, the process prints the reason
and exits with status 125, and the program does not run. Worker threads are under the same profile. \`SECCOMP_PATHS\`, if it is set, has
[paths](../../paths.md) as JSON. On Node 22 and later, a profile that denies
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
