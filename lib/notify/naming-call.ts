/** A kind of calls that name files, as the addon reports it. */
import { observedCall } from '../decode/observed-call.js';
import { textFromBytes } from '../decode/text-from-bytes.js';
import type { FoundFile, NamedFile, NamingCall } from '../landlock/denials/path-calls.js';
import type { FileType } from '../landlock/paths/prediction.js';
import type { NativeFile, NativeFoundFile, NativeKind } from '../native.js';

/** The first call of a kind, with the files that it names. */
export function namingCall(kind: NativeKind): NamingCall {
  const { abi, syscall, args } = observedCall(kind);
  return { abi, syscall, args, flags: kind.flags, files: kind.files.map(namedFile) };
}

/** By the letter that the addon has for them. */
const TYPES: ReadonlyMap<string, FileType> = new Map([
  ['-', 'file'],
  ['x', 'file'],
  ['d', 'directory'],
  ['l', 'symlink'],
  ['p', 'fifo'],
  ['s', 'socket'],
  ['c', 'char'],
  ['b', 'block'],
]);

function namedFile({ text, file, target }: NativeFile): NamedFile {
  const { type, ...found } = foundFile(target);
  return { ...foundFile(file), text: textFromBytes(text), target: type && { ...found, type } };
}

function foundFile({ path, type, lineage }: NativeFoundFile): FoundFile {
  const identities = lineage.split(' ').slice(0, -1);
  return {
    path: textFromBytes(path),
    type: type === '0' ? 'missing' : TYPES.get(type),
    isExecutable: type === 'x',
    identities,
  };
}
