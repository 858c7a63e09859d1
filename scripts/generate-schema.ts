/** Writes schema/profile.schema.json, the JSON Schema of profiles: `npm run generate:schema`. */
import { writeFileSync } from 'node:fs';
import { profileJsonSchema } from './profile-schema.js';

writeFileSync(new URL('../schema/profile.schema.json', import.meta.url), profileJsonSchema());
