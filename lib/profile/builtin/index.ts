/** The built-in profiles by name. */
import type { ProfileDocument } from '../document.js';
import { DOCKER_DEFAULT } from './docker-default.js';
import { type BuiltinForm, toDocument } from './form.js';
import { PODMAN_DEFAULT } from './podman-default.js';

/** As they are written: with the reasons. */
export const FORMS: ReadonlyMap<string, BuiltinForm> = new Map([
  ['docker-default', DOCKER_DEFAULT],
  ['podman-default', PODMAN_DEFAULT],
]);

/** As documents of Docker's form. */
export const BUILTINS: ReadonlyMap<string, ProfileDocument> = new Map(
  [...FORMS].map(([name, form]) => [name, toDocument(form)]),
);
