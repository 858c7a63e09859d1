/**
 * Cross-field checks: combinations of valid fields that are probably mistakes. Conflicts between rules depend on the
 * host; see resolve/.
 */

import { NEWEST_KERNEL } from '../../syscalls/generated/numbers.js';
import { suggestSyscall } from '../../syscalls/suggest-syscall.js';
import { syscallNames } from '../../syscalls/table.js';
import type { Path } from '../../util/own-data.js';
import { type JsonObject, shown } from '../json/value.js';
import { type CheckPlace, NO_VERSION } from './check-fields.js';
import { type Diagnostics, givesHints } from './diagnostics.js';
import type { Reading } from './known-fields.js';
import type { Head } from './normalize.js';
import type { Rule } from './types.js';

/** Checks the names of a rule whose other fields may not be valid. */
export function checkNames({ names, name }: JsonObject, path: Path, { format, diagnostics }: Reading): void {
  const several: readonly unknown[] = Array.isArray(names) ? names : [];
  const isNamed = typeof name === 'string' && name !== '';
  if (isNamed && several.length > 0) {
    // Podman refuses the combination only in a rule that applies to the host.
    const kind = format === 'podman' ? 'mistake' : 'refused';
    diagnostics.report(kind, [...path, 'name'], 'cannot be combined with names: use names alone');
  }
  if (!isNamed && several.length === 0 && (names === undefined || several === names))
    diagnostics.report('drops', path, 'names no syscall, so it has no effect');
  if (isNamed) checkName(name, [...path, 'name'], diagnostics);
  const known = syscallNames();
  for (const [i, one] of several.entries())
    if (typeof one === 'string' && !known.has(one)) checkName(one, [...path, 'names', i], diagnostics);
}

function checkName(name: string, path: Path, diagnostics: Diagnostics): void {
  if (name === '') diagnostics.report('refused', path, 'an empty name: leave it out');
  else if (!syscallNames().has(name) && diagnostics.accepts('drops')) {
    const suggestion = givesHints(diagnostics) ? suggestSyscall(name, [...syscallNames()]) : '';
    const message = `unknown syscall ${shown(name)}${suggestion}: Linux up to ${NEWEST_KERNEL} lacks it, so it has no effect`;
    diagnostics.report('drops', path, message);
  }
}

/** Checks a valid rule. */
export function checkBetweenRuleFields({ args, includes, excludes }: Rule, { path, diagnostics }: CheckPlace): void {
  for (const [i, { op, valueTwo }] of args.entries()) {
    if (op === 'SCMP_CMP_MASKED_EQ' || !valueTwo) continue;
    const message = `${op} does not read it: only SCMP_CMP_MASKED_EQ has a second value`;
    diagnostics.report('notice', [...path, 'args', i, 'valueTwo'], message);
  }
  if (includes?.minKernel === NO_VERSION) {
    const message = 'every kernel meets an empty version: leave it out';
    diagnostics.report('notice', [...path, 'includes', 'minKernel'], message);
  }
  if (excludes?.minKernel === NO_VERSION) {
    const message = 'every kernel meets an empty version, so the rule never applies';
    diagnostics.report('drops', [...path, 'excludes', 'minKernel'], message);
  }
}

/** Checks a valid document without its rules. */
export function checkBetweenFields(head: Head, { path, diagnostics }: CheckPlace): void {
  const { architectures, archMap, listenerPath, listenerMetadata } = head;
  if (architectures?.length && archMap?.length) {
    const message = 'cannot be combined with architectures: use one of the two';
    diagnostics.report('refused', [...path, 'archMap'], message);
  }
  for (const [i, { architecture }] of (archMap ?? []).entries()) {
    if (archMap?.findIndex((other) => other.architecture === architecture) === i) continue;
    const message = `${architecture} is repeated: only its first entry is used`;
    diagnostics.report('notice', [...path, 'archMap', i, 'architecture'], message);
  }
  if (listenerMetadata && !listenerPath) {
    const message = 'has no effect without listenerPath';
    diagnostics.report('mistake', [...path, 'listenerMetadata'], message);
  }
}
