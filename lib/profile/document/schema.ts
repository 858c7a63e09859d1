/** The JSON Schema of a document, made from the table of fields. */
import { UINT64_MAX } from './check-fields.js';
import { DOCUMENT, KERNEL_VERSION, type Kind } from './fields.js';

/** A JSON Schema, draft 7. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of a whole document. */
export function jsonSchema(): JsonSchema {
  return schemaOf(DOCUMENT);
}

function schemaOf(kind: Kind): JsonSchema {
  switch (kind.type) {
    case 'text':
    case 'syscall':
      return TEXT;
    case 'kernel-version':
      return { ...TEXT, pattern: KERNEL_VERSION.source };
    case 'unsigned':
      return { type: 'integer', minimum: 0, maximum: kind.maximum };
    case 'uint64':
    case 'return-data':
      return { type: 'integer', minimum: 0, maximum: Number(UINT64_MAX) };
    case 'name':
      return kind.isOnlyCompared ? { ...TEXT, enum: kind.names } : { enum: kind.names, ...TEXT };
    case 'list':
      return { type: 'array', items: schemaOf(kind.of) };
    case 'struct': {
      const members = kind.all.map(([name, field]) => ({
        name,
        json: schemaOf(field.kind),
        isRequired: field.role === 'required',
      }));
      return {
        type: 'object',
        properties: Object.fromEntries(
          members.map(({ name, json, isRequired }) => [name, isRequired ? json : { anyOf: [json, { type: 'null' }] }]),
        ),
        required: members.filter(({ isRequired }) => isRequired).map(({ name }) => name),
        additionalProperties: false,
      };
    }
  }
}

const TEXT: JsonSchema = { type: 'string' };
