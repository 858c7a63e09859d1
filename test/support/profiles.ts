/** Profiles that many tests use. */
import type { ProfileDocument } from '../../lib/profile/document/types.js';

type Rule = NonNullable<ProfileDocument['syscalls']>[number];

/** Allows every call. */
export const everything: ProfileDocument = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] };

/** Allows every call but these, for which the action is taken. */
export function except(action: Rule['action'], ...names: string[]): ProfileDocument {
  return { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action }] };
}

/** Allows every call but these, which fail with the errno. */
export function denying(errnoRet: number, ...names: string[]): ProfileDocument {
  return { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errnoRet }] };
}
