/**
 * Programs that come with the package: what compile() makes of the built-in profiles, so that the first filter of a process
 * need not wait for it. Nothing is taken on trust: a program counts only if it is proven to mean what the policy says.
 */
import { returnValue } from '../../policy/action.js';
import type { Policy } from '../../policy/policy.js';
import { programText } from './programs.js';

/** What policies that may have the same program have in common: cheap to find, and no proof of anything. */
export function precompiledKey({ abis, defaultAction }: Policy): string {
  const sizes = abis.map(({ abi, syscalls }) => `${abi.name} ${syscalls.size}`);
  let allowed = 0; // The sum of the native calls that are.
  for (const [number, [first]] of abis.at(0)?.syscalls ?? []) if (first?.action.kind === 'allow') allowed += number;
  return `${sizes.join(' ')} ${allowed} ${returnValue(defaultAction).toString(16)}`;
}

/** The program that may be the policy's, as the kernel takes it; undefined for most. */
export function lookupPrecompiled(policy: Policy): Uint8Array | undefined {
  const text = programText(precompiledKey(policy));
  return text === undefined ? undefined : Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
