/** The JSON Schema of profiles, made from the table of fields that validates them. */
import { jsonSchema } from '../lib/profile/document/schema.js';

/** Returns the text of schema/profile.schema.json. Limits above 2⁵³ are rounded. */
export function profileJsonSchema(): string {
  const about = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Seccomp profile',
    description:
      'A profile for seccomp, Docker, Podman or an OCI runtime. What only shows between fields, and misspelt syscalls, `seccomp check` finds.',
  };
  return `${JSON.stringify({ ...about, ...jsonSchema() }, null, 2)}\n`;
}
