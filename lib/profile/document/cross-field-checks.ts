/** What looks wrong though each field by itself is right. What rules mean together only shows on a host. */

import { suggestSyscall } from '../../syscalls/suggest-syscall.js';
import { syscallNames } from '../../syscalls/table.js';
import type { Path } from '../../util/own-data.js';
import type { JsonObject } from '../json/value.js';
import { type Diagnostics, givesHints, shown } from './diagnostics.js';
import type { KeyReading } from './fields.js';
import type { ValidHead, ValidRule } from './schema.js';

/** Remarks on the names of a rule, of which the rest may not be valid. */
export function ofNames({ names, name }: JsonObject, keys: Path, { format, diagnostics }: KeyReading): void {
  const several = Array.isArray(names) ? names : [];
  const isNamed = typeof name === 'string' && name !== '';
  if (isNamed && several.length > 0) {
    const kind = format === 'podman' ? 'mistake' : 'refused'; // Podman only refuses it in a rule that matches the host.
    diagnostics.report(kind, [...keys, 'name'], 'stands beside names: use names alone');
  }
  if (!isNamed && several.length === 0 && (names === undefined || several === names)) {
    diagnostics.report('drops', keys, 'names no syscall, so it has no effect');
  }
  if (isNamed) ofName(name, [...keys, 'name'], diagnostics);
  const known = syscallNames();
  several.forEach((one: unknown, i) => {
    if (typeof one === 'string' && !known.has(one)) ofName(one, [...keys, 'names', i], diagnostics);
  });
}

function ofName(name: string, keys: Path, diagnostics: Diagnostics): void {
  if (syscallNames().has(name)) return;
  if (name !== '' && !diagnostics.accepts('drops')) return;
  if (name === '') diagnostics.report('refused', keys, 'an empty name: leave it out');
  else {
    const hint = givesHints(diagnostics) ? suggestSyscall(name, [...syscallNames()]) : '';
    const message = `unknown syscall ${shown(name)}${hint}; it is left out`;
    diagnostics.report('drops', keys, message);
  }
}

/** Remarks on a rule. */
export function inRule({ args, includes, excludes }: ValidRule, keys: Path, diagnostics: Diagnostics): void {
  for (const [i, { op, valueTwo }] of (args ?? []).entries()) {
    if (op === 'SCMP_CMP_MASKED_EQ' || !valueTwo) continue;
    const message = `${op} does not read it: only SCMP_CMP_MASKED_EQ has a second value`;
    diagnostics.report('notice', [...keys, 'args', i, 'valueTwo'], message);
  }
  if (includes?.minKernel === '') {
    const message = 'an empty version is met by every kernel: leave it out';
    diagnostics.report('notice', [...keys, 'includes', 'minKernel'], message);
  }
  if (excludes?.minKernel === '') {
    const message = 'an empty version is met by every kernel: the rule never counts';
    diagnostics.report('drops', [...keys, 'excludes', 'minKernel'], message);
  }
}

/** Remarks on everything but the rules. */
export function betweenFields(head: ValidHead, keys: Path, diagnostics: Diagnostics): void {
  const { architectures, archMap, listenerPath, listenerMetadata } = head;
  if (architectures?.length && archMap?.length) {
    const message = 'stands beside architectures: use one of the two';
    diagnostics.report('refused', [...keys, 'archMap'], message);
  }
  for (const [i, { architecture }] of (archMap ?? []).entries()) {
    if (archMap?.findIndex((other) => other.architecture === architecture) === i) continue;
    const message = `${architecture} stands here twice: the first counts`;
    diagnostics.report('notice', [...keys, 'archMap', i, 'architecture'], message);
  }
  if (listenerMetadata && !listenerPath) {
    const message = 'is only for a listener: there is no listenerPath';
    diagnostics.report('mistake', [...keys, 'listenerMetadata'], message);
  }
}
