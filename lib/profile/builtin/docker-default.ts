import type { ProfileDocument } from '../document.js';
export const dockerDefault: ProfileDocument = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] };
