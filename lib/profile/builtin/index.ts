/** The built-in profiles by name. */
import type { CheckedDocument } from '../document/types.js';
import { type BuiltinDefinition, definitionToDocument } from './definition.js';
import { DOCKER_DEFAULT } from './docker-default.js';
import { COMPUTE } from './node/compute.js';
import { NODE, NODE_NO_EXEC, NODE_NO_NETWORK } from './node/node.js';
import { PODMAN_DEFAULT } from './podman-default.js';

/** The definitions, with the reasons for their rules. */
export const BUILTIN_DEFINITIONS: ReadonlyMap<string, BuiltinDefinition> = new Map([
  ['docker-default', DOCKER_DEFAULT],
  ['podman-default', PODMAN_DEFAULT],
  ['node', NODE],
  ['node-no-network', NODE_NO_NETWORK],
  ['node-no-exec', NODE_NO_EXEC],
  ['compute', COMPUTE],
]);

const documents = new Map<BuiltinDefinition, CheckedDocument>();

/** Returns the document of a built-in, in Docker's format. Made at the first call, and shared by later calls. */
export function documentOf(definition: BuiltinDefinition): CheckedDocument {
  const document = documents.get(definition) ?? definitionToDocument(definition);
  documents.set(definition, document);
  return document;
}
