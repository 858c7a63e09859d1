/** Writes a checked document as Docker's JSON, every number exactly. */
import { SeccompError } from '../../errors.js';
import { Profile } from '../profile.js';
import { toProfileDocument } from './to-document.js';

/**
 * A profile as JSON text that means the same in the same format: parseProfile reads it back, and so do Docker, Podman and OCI
 * runtimes. Numbers above 2⁵³ are written in full, which JSON.stringify can't.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is no Profile.
 */
export function stringify(profile: Profile): string {
  if (!Profile.is(profile)) {
    const message = 'profile: must be a Profile, as loadProfile gives it (null is unconfined, which has no document)';
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  const { document } = profile;
  return `${textOf(toProfileDocument(document), '\n')}\n`;
}

/** The JSON text of a value; `line` is what begins a line of what is around it. What holds only scalars is one line. */
function textOf(value: unknown, line: string): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const inner = `${line}  `;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const items = entries.map(([key, item]) => `${isArray ? '' : `${JSON.stringify(key)}: `}${textOf(item, inner)}`);
  const [open, close] = isArray ? '[]' : '{}';
  if (entries.every(([, item]) => typeof item !== 'object')) {
    return isArray || items.length === 0
      ? `${open}${items.join(', ')}${close}`
      : `${open} ${items.join(', ')} ${close}`;
  }
  return `${open}${inner}${items.join(`,${inner}`)}${line}${close}`;
}
