/** The built-in profiles by name. */
import type { ProfileDocument } from '../document.js';
import { dockerDefault } from './docker-default.js';

export const BUILTINS: ReadonlyMap<string, ProfileDocument> = new Map([['docker-default', dockerDefault]]);
