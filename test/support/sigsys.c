/*
 * sigsys HOW: makes one call that the profile denies, getppid(2), and prints its result. HOW is the disposition of
 * SIGSYS: default, ignored, blocked, caught, or toggled, for which another thread changes it between the default and an
 * empty handler all the time. With "thread", another thread makes the call.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void caught(int signal, siginfo_t *info, void *context) {
  (void)context;
  printf("caught %d: code %d syscall %d errno %d arch %x\n", signal, info->si_code, info->si_syscall, info->si_errno,
         info->si_arch);
  fflush(stdout);
}

/* The kernel sets this to 0 and wakes its waiters when the thread that makes the call ends: set_tid_address(2). */
static atomic_int lives = 1;

static void *call(void *how) {
  if (strcmp(how, "thread") == 0) syscall(SYS_set_tid_address, &lives);
  long result = syscall(SYS_getppid);
  printf("returned %ld\n", result);
  fflush(stdout);
  return NULL;
}

static atomic_int toggled;

static void nothing(int number) { (void)number; }

static void *toggle(void *data) {
  for (;; toggled = 1) {
    signal(SIGSYS, nothing);
    signal(SIGSYS, SIG_DFL);
  }
  return data;
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "default";
  if (strcmp(how, "ignored") == 0) signal(SIGSYS, SIG_IGN);
  if (strcmp(how, "blocked") == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    sigprocmask(SIG_BLOCK, &set, NULL);
  }
  if (strcmp(how, "caught") == 0) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, NULL);
  }
  if (strcmp(how, "toggled") == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, toggle, NULL);
    while (!toggled) continue;
  }
  if (strcmp(how, "thread") == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, call, (void *)how);
    /* Not by pthread_join(3): with musl it waits forever for a thread that the kernel ended. */
    while (lives) syscall(SYS_futex, &lives, FUTEX_WAIT, 1, NULL, NULL, 0);
  } else {
    call((void *)how);
  }
  puts("went on");
  return 0;
}
