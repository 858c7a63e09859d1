/** What looks wrong though each field by itself is right. What rules mean together only shows on a host. */

import { suggestSyscall } from '../../syscalls/suggest-syscall.js';
import { syscallNames } from '../../syscalls/table.js';
import { type Found, isHinted, type Remark, shown } from './diagnostics.js';
import type { Fields, KeyReading } from './fields.js';
import type { ValidHead, ValidRule } from './schema.js';

/** Remarks on the names of a rule, of which the rest may not be valid. */
export function ofNames(
  { names, name }: Fields,
  keys: Remark['keys'],
  { format, remarks }: Pick<KeyReading, 'format' | 'remarks'>,
): void {
  const several = Array.isArray(names) ? names : [];
  const isNamed = typeof name === 'string' && name !== '';
  if (isNamed && several.length > 0) {
    const weight = format === 'podman' ? 'mistake' : 'refused'; // Podman finds it once it is known which rules count.
    remarks.push({ keys: [...keys, 'name'], weight, message: 'stands beside names: use names alone' });
  }
  if (!isNamed && several.length === 0 && (names === undefined || several === names)) {
    remarks.push({ keys, weight: 'drops', message: 'names no syscall, so it has no effect' });
  }
  if (isNamed) ofName(name, [...keys, 'name'], remarks);
  const known = syscallNames();
  several.forEach((one: unknown, i) => {
    if (typeof one === 'string' && !known.has(one)) ofName(one, [...keys, 'names', i], remarks);
  });
}

function ofName(name: string, keys: Remark['keys'], remarks: Found): void {
  if (syscallNames().has(name)) return;
  if (name !== '' && !remarks.takesMistakes) return;
  if (name === '') remarks.push({ keys, weight: 'refused', message: 'an empty name: leave it out' });
  else {
    const hint = isHinted(remarks) ? suggestSyscall(name, [...syscallNames()]) : '';
    const message = `unknown syscall ${shown(name)}${hint}; it is left out`;
    remarks.push({ keys, weight: 'drops', message });
  }
}

/** Remarks on a rule. */
export function inRule({ args, includes, excludes }: ValidRule, keys: Remark['keys'], remarks: Found): void {
  for (const [i, { op, valueTwo }] of (args ?? []).entries()) {
    if (op === 'SCMP_CMP_MASKED_EQ' || !valueTwo) continue;
    const message = `${op} does not read it: only SCMP_CMP_MASKED_EQ has a second value`;
    remarks.push({ keys: [...keys, 'args', i, 'valueTwo'], weight: 'notice', message });
  }
  if (includes?.minKernel === '') {
    const message = 'an empty version is met by every kernel: leave it out';
    remarks.push({ keys: [...keys, 'includes', 'minKernel'], weight: 'notice', message });
  }
  if (excludes?.minKernel === '') {
    const message = 'an empty version is met by every kernel: the rule never counts';
    remarks.push({ keys: [...keys, 'excludes', 'minKernel'], weight: 'drops', message });
  }
}

/** Remarks on everything but the rules. */
export function betweenFields(head: ValidHead, keys: Remark['keys'], remarks: Found): void {
  const { architectures, archMap, listenerPath, listenerMetadata } = head;
  if (architectures?.length && archMap?.length) {
    const message = 'stands beside architectures: use one of the two';
    remarks.push({ keys: [...keys, 'archMap'], weight: 'refused', message });
  }
  for (const [i, { architecture }] of (archMap ?? []).entries()) {
    if (archMap?.findIndex((other) => other.architecture === architecture) === i) continue;
    const message = `${architecture} stands here twice: the first counts`;
    remarks.push({ keys: [...keys, 'archMap', i, 'architecture'], weight: 'notice', message });
  }
  if (listenerMetadata && !listenerPath) {
    const message = 'is only for a listener: there is no listenerPath';
    remarks.push({ keys: [...keys, 'listenerMetadata'], weight: 'mistake', message });
  }
}
