/** The built-in profiles by name. */
import type { ProfileDocument } from '../document.js';
import { DOCKER_DEFAULT } from './docker-default.js';
import { toDocument } from './form.js';

export const BUILTINS: ReadonlyMap<string, ProfileDocument> = new Map([['docker-default', toDocument(DOCKER_DEFAULT)]]);
