/** Writes the JSON Schemas in schema/: `npm run generate -- schema`. */
import { writeFileSync } from 'node:fs';
import { profileJsonSchema, sandboxJsonSchema } from './json-schemas.js';

writeFileSync(new URL('../../schema/profile.schema.json', import.meta.url), profileJsonSchema());
writeFileSync(new URL('../../schema/sandbox.schema.json', import.meta.url), sandboxJsonSchema());
