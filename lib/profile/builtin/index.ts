/** The built-in profiles by name. */
import type { CheckedDocument } from '../document/types.js';
import { type BuiltinDefinition, definitionToDocument } from './definition.js';
import { DOCKER_DEFAULT } from './docker-default.js';
import { COMPUTE } from './node/compute.js';
import { NODE, NODE_NO_EXEC, NODE_NO_NETWORK } from './node/node.js';
import { PODMAN_DEFAULT } from './podman-default.js';

/** As they are written: with the reasons. */
export const BUILTIN_DEFINITIONS: ReadonlyMap<string, BuiltinDefinition> = new Map([
  ['docker-default', DOCKER_DEFAULT],
  ['podman-default', PODMAN_DEFAULT],
  ['node', NODE],
  ['node-no-network', NODE_NO_NETWORK],
  ['node-no-exec', NODE_NO_EXEC],
  ['compute', COMPUTE],
]);

const documents = new Map<string, CheckedDocument>();

/** As a document of Docker's form; undefined if there is no such built-in. Made when it is first asked for. */
export function builtinDocument(name: string): CheckedDocument | undefined {
  const form = BUILTIN_DEFINITIONS.get(name);
  const document = documents.get(name) ?? (form && definitionToDocument(form));
  if (document !== undefined) documents.set(name, document);
  return document;
}
