/**
 * Looks up a precompiled program. The package contains the compiled programs of the built-in profiles, so that the
 * first filter of a process is available without compilation. A program is used only if it is proven to decide as the
 * policy does.
 */
import { returnValue } from '../../policy/action.js';
import type { Policy } from '../../policy/policy.js';
import { programText } from './programs.js';

/** A key that is cheap to compute and that policies with the same program share. Other policies may share it too. */
export function precompiledKey({ abis, defaultAction }: Policy): string {
  const sizes = abis.map(({ abi, syscalls }) => `${abi.name} ${syscalls.size}`);
  let allowed = 0; // The sum of the numbers of the allowed native syscalls.
  let count = 0; // The number of decisions about native syscalls.
  for (const [number, decisions] of abis.at(0)?.syscalls ?? []) {
    if (decisions[0]?.action.kind === 'allow') allowed += number;
    count += decisions.length;
  }
  return `${sizes.join(' ')} ${allowed} ${count} ${returnValue(defaultAction).toString(16)}`;
}

/** Returns the program that may be the policy's, as `struct sock_filter[]`; undefined if there is none. */
export function lookupPrecompiled(policy: Policy): Uint8Array | undefined {
  const text = programText(precompiledKey(policy));
  return text === undefined ? undefined : Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
