/** Profiles as applications write them: in variables without a declared type, and in JSON files that are imported. */
import {
  checkProfile,
  compile,
  explain,
  extend,
  fork,
  harden,
  loadProfile,
  Profile,
  type ProfileDocument,
  type ProfileInput,
  record,
  run,
  Sandbox,
  spawn,
  spawnSync,
} from 'seccomp';
import { assertAllowed, probe } from 'seccomp/testing';
import imported from './profile.json' with { type: 'json' };

const literal = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    { names: ['ptrace'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
  ],
};
const frozen = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['ptrace'], action: 'SCMP_ACT_ERRNO' }],
} as const;
const declared: ProfileDocument = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] };
const input: ProfileInput = declared;

export function useAll(): void {
  for (const profile of [literal, imported, frozen, declared, input, Profile.denylist().toJSON()]) {
    spawn('true', profile);
    spawn('true', [], [profile, 'docker-default']);
    spawnSync('true', [], profile, { encoding: 'utf8' });
    run('true', [], profile);
    fork('module.js', profile);
    record('true', [], { merge: profile });
    harden(profile);
    compile([profile, profile]);
    loadProfile(profile, { mode: 'compat' });
    checkProfile(profile);
    extend(profile);
    explain(profile, { syscall: 'ptrace' });
    new Sandbox(profile);
    probe(profile, { syscall: 'ptrace' });
    assertAllowed(profile, { syscall: 'ptrace' });
  }
}

/** The documents that the package returns have exact types. */
export function exactResults(profile: Profile): ProfileDocument {
  const { defaultAction } = profile.document;
  return { ...profile.toJSON(), defaultAction };
}

export function refused(): void {
  // @ts-expect-error a document has a default action
  loadProfile({ syscalls: [] });
  // @ts-expect-error a misspelt field
  loadProfile({ defaultAction: 'SCMP_ACT_ALLOW', sycalls: [] });
  // @ts-expect-error names are a list
  loadProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: 'ptrace', action: 'SCMP_ACT_ERRNO' }] });
  // @ts-expect-error a configuration of a container is no profile
  loadProfile({ ociVersion: '1.0.2', linux: { seccomp: literal } });
  // @ts-expect-error a declared document has known actions
  const document: ProfileDocument = { defaultAction: 'SCMP_ACT_ALOW', syscalls: [] };
  loadProfile(document);
}
