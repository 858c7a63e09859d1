/** How a profile is read, and what its author may choose about its meaning. */
import { SeccompError } from '../errors.js';
import { suggest } from './suggest.js';

/** Whose reading of the document counts: moby's, containers/common's, or that of `linux.seccomp` in the OCI runtime spec. */
export type ProfileFormat = 'docker' | 'podman' | 'oci';

/** `strict` refuses what is likely a mistake; `compat` does what the format's runtime does, and warns. */
export type ProfileMode = 'strict' | 'compat';

/** What the document leaves open. */
export interface MeaningOptions {
  /** Compare as many bits of an argument as the kernel reads, or all 64 as libseccomp does. Default `kernel`. */
  readonly argumentWidth: 'kernel' | 64;
  /** What happens to a call of an ABI that the profile does not decide. Default `kill-process`. */
  readonly foreignAction: 'kill-process' | 'kill-thread';
  /** What a call newer than all that the profile names gets: ENOSYS, as from runc, or the default action. Default `enosys`. */
  readonly newerCalls: 'enosys' | 'default';
}

/** Options of `parseProfile` and `loadProfile`. */
export interface ProfileOptions extends Partial<MeaningOptions> {
  /** What errors call the profile. Default its path, the built-in's name, or `inline`. */
  readonly source?: string;
  /** Default: by what the document holds. */
  readonly format?: ProfileFormat;
  /** Default `strict`. */
  readonly mode?: ProfileMode;
  /** Directory of Kubernetes' `Localhost/…` profiles. Default `/var/lib/kubelet/seccomp`. */
  readonly root?: string;
}

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  format: ['docker', 'podman', 'oci'],
  mode: ['strict', 'compat'],
  argumentWidth: ['kernel', 64],
  foreignAction: ['kill-process', 'kill-thread'],
  newerCalls: ['enosys', 'default'],
};
const TEXTS = ['source', 'root'];

/**
 * Refuses options that are unknown or have a value that they can't have; `others` are the caller's own.
 * @throws SeccompError ERR_SECCOMP_OPTION.
 */
export function checkOptions(options: unknown, others: readonly string[] = []): void {
  if (typeof options !== 'object' || options === null) {
    throw new SeccompError('ERR_SECCOMP_OPTION', `options of a profile are an object, not ${typeof options}`);
  }
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || others.includes(key)) continue;
    const choices = CHOICES[key];
    if (choices?.includes(value) || (TEXTS.includes(key) && typeof value === 'string')) continue;
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.${key}: ${problem(key, value, choices)}`);
  }
}

function problem(key: string, value: unknown, choices: readonly unknown[] | undefined): string {
  if (TEXTS.includes(key)) return `must be a string, not ${typeof value}`;
  const known = [...Object.keys(CHOICES), ...TEXTS];
  if (choices === undefined) return `unknown option${suggest(key, known)}`;
  return `must be one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
}

/** The choices of `options`, or their defaults. */
export function meaningOf(options: ProfileOptions): MeaningOptions {
  const { argumentWidth = 'kernel', foreignAction = 'kill-process', newerCalls = 'enosys' } = options;
  return { argumentWidth, foreignAction, newerCalls };
}
