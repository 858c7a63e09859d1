// Included before everything else in the prebuilt addons: selects the oldest version of each function that has a newer
// one in the glibc with which they are linked. glibc 2.34 moved these functions from libpthread.so.0 into libc.so.6,
// and has both versions of each. They behave alike.
#pragma once

// The first glibc that had the architecture.
#if defined(__x86_64__)
#define SECCOMP_OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__) || defined(__powerpc64__)
#define SECCOMP_OLDEST "GLIBC_2.17"
#elif defined(__s390x__)
#define SECCOMP_OLDEST "GLIBC_2.2"
#elif defined(__riscv)
#define SECCOMP_OLDEST "GLIBC_2.27"
#elif defined(__loongarch64)  // Since glibc 2.36: it never had older versions.
#else
#error "no prebuilt addon is made for this CPU"
#endif

#ifdef SECCOMP_OLDEST
#define SECCOMP_USE(name, version) asm(".symver " #name ", " #name "@" version)
#define SECCOMP_USE_OLDEST(name) SECCOMP_USE(name, SECCOMP_OLDEST)
SECCOMP_USE_OLDEST(pthread_create);
SECCOMP_USE_OLDEST(pthread_detach);
SECCOMP_USE_OLDEST(pthread_getspecific);
SECCOMP_USE_OLDEST(pthread_join);
SECCOMP_USE_OLDEST(pthread_key_create);
SECCOMP_USE_OLDEST(pthread_mutex_trylock);
SECCOMP_USE_OLDEST(pthread_setspecific);
SECCOMP_USE_OLDEST(pthread_sigmask);
#if defined(__x86_64__) || defined(__s390x__)
SECCOMP_USE(pthread_condattr_setclock, "GLIBC_2.3.3");
#else
SECCOMP_USE_OLDEST(pthread_condattr_setclock);
#endif
#endif
