import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import 'seccomp/testing/vitest';
import { claims } from './claims.mjs';

claims({ expect, test, profile: fileURLToPath(new URL('profile.json', import.meta.url)) });
