import type { ProfileDocument } from '../document.ts';
export const dockerDefault: ProfileDocument = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] };
