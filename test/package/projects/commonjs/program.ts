/** A program of a CommonJS package. tsc turns the imports into require(). */
import { strictEqual, throws } from 'node:assert';
import { compile, type Filter, Profile, type ProfileDocument, run, SeccompError, spawnSync } from 'seccomp';
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

async function main(): Promise<void> {
  const imported = await import('seccomp');
  strictEqual(imported.SeccompError, SeccompError);
  // One declaration: a class of the ES module is assignable to the one of CommonJS, though it has private fields.
  const same: Profile = imported.Profile.denylist();
  strictEqual(same instanceof Profile, true);
  const failure: unknown = await run('true', 'no-such-profile').catch((error: unknown) => error);
  strictEqual(failure instanceof imported.SeccompError, true);
  // @ts-expect-error not the name of a syscall
  throws(() => Profile.denylist().deny('mkdri'), TypeError);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
