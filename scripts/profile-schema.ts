// The JSON Schema of profiles, made from the schema that validates them.
import { toJsonSchema } from '@valibot/to-json-schema';
import { profileSchema } from '../lib/profile/schema.js';

/** The text of schema/profile.schema.json. */
export function profileJsonSchema(): string {
  const schema = toJsonSchema(profileSchema().document, {
    // Whole numbers are numbers or bigints, which JSON Schema has no word for. Limits above 2⁵³ are rounded.
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === 'custom' ? { type: 'integer', minimum: 0 } : jsonSchema,
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === 'max_value' && 'requirement' in valibotAction
        ? { ...jsonSchema, maximum: Number(valibotAction.requirement) }
        : jsonSchema,
  });
  const about = {
    title: 'Seccomp profile',
    description:
      'A profile for seccomp, Docker, Podman or an OCI runtime. What only shows between fields, and misspelt syscalls, `seccomp check` finds.',
  };
  const { $schema, ...rest } = schema;
  return `${JSON.stringify({ $schema, ...about, ...rest }, null, 2)}\n`;
}
