/** The built-in profiles by name. */
import type { ProfileDocument } from '../document.ts';
import { dockerDefault } from './docker-default.ts';

export const BUILTINS: ReadonlyMap<string, ProfileDocument> = new Map([['docker-default', dockerDefault]]);
