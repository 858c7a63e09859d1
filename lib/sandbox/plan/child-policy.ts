/** What decides about the calls of a child: for questions about them that start no program. */
import { machineAbis } from '../../host.js';
import { denialsPolicy, withDenials } from '../../policy/confinement-denials.js';
import type { Policy } from '../../policy/policy.js';
import type { ProgramOptions } from '../options/types.js';
import { denialsOf, hasNoNetwork, pathsFor } from './confinement.js';
import type { ResolvedSources } from './resolve-sources.js';

/** The policy of the sources, with what `network` and `paths` deny beside. Undefined if nothing is filtered. */
export function policyOfChild({ policy }: ResolvedSources, options: ProgramOptions): Policy | undefined {
  const hasTerminal = false;
  const denials = denialsOf(
    {
      isolation: undefined,
      paths: pathsFor(options, 'reported', { removesTmp: true, hasTerminal }),
      hasNoNetwork: hasNoNetwork(options),
      hasTerminal,
    },
    false,
  );
  if (!Object.values(denials).includes(true)) return policy;
  return policy === undefined ? denialsPolicy(machineAbis(), denials) : withDenials(policy, machineAbis(), denials);
}
