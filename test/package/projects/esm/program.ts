/** A program of an ES module package. */
import { strictEqual, throws } from 'node:assert';
import { createRequire } from 'node:module';
import {
  compile,
  type Filter,
  Profile,
  type ProfileDocument,
  ProfileError,
  run,
  SeccompError,
  spawnSync,
} from 'seccomp';
import { assertDenied, type ProbeAnswer, probe } from 'seccomp/testing';

const document: ProfileDocument = { defaultAction: 'SCMP_ACT_ALLOW' };
const profile: Profile = Profile.denylist().deny('mkdir', 'mkdirat', { errno: 'EROFS' });
const filter: Filter = compile(document);
strictEqual(filter instanceof compile(profile).constructor, true);

const { status }: { status: number | null } = spawnSync('mkdir', ['/nowhere/x'], profile);
strictEqual(status, 1);
assertDenied(profile, 'mkdir', { errno: 'EROFS' });
const answers: readonly ProbeAnswer[] = probe(profile, 'read');
strictEqual(answers[0]?.outcome, 'allowed');

const required: typeof import('seccomp') = createRequire(import.meta.url)('seccomp');
strictEqual(required.SeccompError, SeccompError);
const failure: unknown = await required.run('true', 'no-such-profile').catch((error: unknown) => error);
strictEqual(failure instanceof SeccompError, true);
strictEqual(failure instanceof ProfileError, false);
await run('true', profile);
// @ts-expect-error not the name of a syscall
throws(() => Profile.denylist().deny('mkdri'), TypeError);
