/**
 * The built-in profile `docker-default`: what Docker lets a container do, written anew as groups with reasons.
 * It decides every call as moby/profiles seccomp v0.2.3 (commit cd3bed8) does; test/profile/docker-default.test.ts holds
 * the two against each other.
 */
import { ALLOWED } from './docker-default-allowed.js';
import { CONDITIONAL } from './docker-default-conditional.js';
import { REFUSALS } from './docker-default-refusals.js';
import type { BuiltinForm } from './form.js';

export const DOCKER_DEFAULT: BuiltinForm = {
  groups: [...ALLOWED, ...CONDITIONAL],
  refusals: REFUSALS,
  besides: {
    x86_64: ['x86', 'x32'],
    aarch64: ['arm'],
    s390x: ['s390'],
    mips64: ['mips', 'mips64n32'],
    mips64n32: ['mips', 'mips64'],
    mipsel64: ['mipsel', 'mipsel64n32'],
    mipsel64n32: ['mipsel', 'mipsel64'],
  },
};
