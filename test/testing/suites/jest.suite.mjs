import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import 'seccomp/testing/jest';
import { claims } from './claims.mjs';

claims({ expect, test, profile: fileURLToPath(new URL('profile.json', import.meta.url)) });
