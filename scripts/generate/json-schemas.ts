/** The JSON Schemas of profiles and of sandbox files, made from the tables of fields that validate them. */
import { jsonSchema } from '../../lib/profile/document/schema.js';
import { sandboxSchema } from '../../lib/sandbox/file/fields.js';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** Returns the text of schema/profile.schema.json. Limits above 2⁵³ are rounded. */
export function profileJsonSchema(): string {
  const description =
    'A profile for seccomp, Docker, Podman or an OCI runtime. What only shows between fields, and misspelt syscalls, `seccomp check` finds.';
  return textOf({ $schema: DRAFT, title: 'Seccomp profile', description, ...jsonSchema() });
}

/** Returns the text of schema/sandbox.schema.json. */
export function sandboxJsonSchema(): string {
  const description =
    'A sandbox for `seccomp run -s FILE` and loadSandbox(): a profile with everything else that is enforced on a program. `seccomp check FILE` finds what a schema can’t, such as missing files.';
  return textOf({ $schema: DRAFT, title: 'Sandbox', description, ...sandboxSchema() });
}

const textOf = (schema: object) => `${JSON.stringify(schema, null, 2)}\n`;
