/*
 * accesses: makes accesses to a tree of files, each once without and once within a Landlock domain. Standard input has
 * one statement a line, with four words, of which paths may be absolute:
 *
 *   make TYPE PATH TARGET   makes a file; `hard` makes a link to TARGET, the others have `-`
 *   rule RIGHTS PATH -      adds a rule to the ruleset
 *   handle RIGHTS - -       makes the ruleset, before its rules
 *   VERB WORD PATH PATH     an access, see attempt()
 *
 * It prints a line for each access, with the errno of each of the two, or 0. Each access is undone, so that all find
 * the same files: the inodes too, to which the kernel ties rules. For that, each directory contains a file and is thus
 * never removed, and each other file has a second link outside of the tree. Runs in an empty directory, in which it
 * makes `tree` and `kept`, and removes both.
 *
 * For a domain that others make: --make only makes the files; --serve, within the domain, makes the accesses that it
 * reads from standard input; --ask sends it accesses by descriptor 3 and receives results by 4, and removes the files.
 * --abi prints the version of Landlock.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446

enum { LENGTH = 256, FILES = 64 };

struct statement {
  char verb[16], word[16], first[LENGTH], second[LENGTH];
};

/* The files that are not directories; the link of the N-th one is ../kept/N. */
static char files[FILES][LENGTH];
static int file_count;

static int is(const char* a, const char* b) { return strcmp(a, b) == 0; }

static int result(long value) { return value == -1 ? errno : 0; }

/* Makes a file of this type. */
static int make(const char* type, const char* path) {
  if (is(type, "directory")) return result(mkdir(path, 0777));
  if (is(type, "symlink")) return result(symlink("nowhere", path));
  if (is(type, "file")) return result(mknod(path, S_IFREG | 0777, 0));
  if (is(type, "fifo")) return result(mknod(path, S_IFIFO | 0777, 0));
  if (is(type, "socket")) return result(mknod(path, S_IFSOCK | 0777, 0));
  /* With this number, users without CAP_MKNOD may make it. */
  if (is(type, "char")) return result(mknod(path, S_IFCHR | 0777, makedev(0, 0)));
  if (is(type, "block")) return result(mknod(path, S_IFBLK | 0777, makedev(7, 255)));
  errx(1, "no such type: %s", type);
}

/* The letters mean: Read, Write, Both, access mode 3 (None of them), Path, Create, Truncate, Make a temporary file. */
static int open_by(const char* letters, const char* path) {
  static const struct {
    char letter;
    int flag;
  } known[] = {{'r', O_RDONLY}, {'w', O_WRONLY}, {'b', O_RDWR},  {'n', O_ACCMODE},
               {'p', O_PATH},   {'c', O_CREAT},  {'t', O_TRUNC}, {'m', O_TMPFILE}};
  int flags = O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strchr(letters, known[i].letter)) flags |= known[i].flag;
  }
  int fd = open(path, flags, 0777);
  int found = result(fd);
  if (fd != -1) close(fd);
  return found;
}

static int device_control(const char* path) {
  int value, fd = open(path, O_ACCMODE);
  if (fd == -1) err(1, "open with access mode 3: %s", path);
  int found = result(ioctl(fd, FIONREAD, &value));
  close(fd);
  return found;
}

/* Makes an access. Returns its errno, or 0. */
static int attempt(const struct statement* s) {
  const char* path = s->first;
  if (is(s->verb, "open")) return open_by(s->word, path);
  if (is(s->verb, "create")) return make(s->word, path);
  if (is(s->verb, "remove")) return result(is(s->word, "directory") ? rmdir(path) : unlink(path));
  if (is(s->verb, "truncate")) return result(truncate(path, 0));
  if (is(s->verb, "execute")) return result(execl(path, path, NULL));
  if (is(s->verb, "ioctl")) return device_control(path);
  if (is(s->verb, "link")) return result(link(path, s->second));
  int flags = is(s->verb, "exchange") ? RENAME_EXCHANGE : 0;
  return result(renameat2(AT_FDCWD, path, AT_FDCWD, s->second, flags));
}

static int exists(const char* path) {
  struct stat found;
  return lstat(path, &found) == 0;
}

/* Undoes an access that had this result. An open that is denied can have made its file. */
static void undo(const struct statement* s, int result) {
  if (is(s->verb, "exchange") && result == 0) attempt(s);
  if (is(s->verb, "create")) is(s->word, "directory") ? rmdir(s->first) : unlink(s->first);
  if (is(s->verb, "open") && is(s->second, "missing")) unlink(s->first);
  if (is(s->verb, "link")) unlink(s->second);
  if (is(s->verb, "rename") && !exists(s->first)) rename(s->second, s->first);
  for (int i = 0; i < file_count; i++) {
    char kept[32];
    snprintf(kept, sizeof kept, "../kept/%d", i);
    if (!exists(files[i]) && link(kept, files[i]) == -1) err(1, "link to %s", files[i]);
  }
}

/* Makes a file, unless an earlier process has made it, and notes it. */
static void add_file(const struct statement* s, int is_made) {
  int failed = is_made ? 0 : is(s->word, "hard") ? result(link(s->second, s->first)) : make(s->word, s->first);
  if (failed) errx(1, "make %s %s: %s", s->word, s->first, strerror(failed));
  char path[LENGTH + 8];
  if (is(s->word, "directory")) {
    snprintf(path, sizeof path, "%s/kept", s->first);
    if (!is_made && make("file", path)) err(1, "%s", path);
    return;
  }
  if (file_count == FILES) errx(1, "more than %d files", FILES);
  snprintf(path, sizeof path, "../kept/%d", file_count);
  if (!is_made && link(s->first, path) == -1) err(1, "link to %s", s->first);
  strcpy(files[file_count++], s->first);
}

static int new_ruleset(uint64_t handled) {
  int fd = (int)syscall(CREATE_RULESET, &handled, sizeof handled, 0);
  if (fd == -1) err(1, "landlock_create_ruleset");
  return fd;
}

static void add_rule(int ruleset, uint64_t rights, const char* path) {
  struct {
    uint64_t rights;
    int32_t parent;
  } __attribute__((packed)) beneath = {rights, open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  if (beneath.parent == -1) err(1, "%s", path);
  if (syscall(ADD_RULE, ruleset, 1, &beneath, 0) == -1) err(1, "landlock_add_rule: %s", path);
  close(beneath.parent);
}

/* Makes the accesses that it reads from one descriptor, and writes their results to another one. */
static int serve(int in, int out) {
  struct statement s;
  while (read(in, &s, sizeof s) == sizeof s && !is(s.verb, "end")) {
    int found = attempt(&s);
    if (write(out, &found, sizeof found) != sizeof found) err(1, "write");
  }
  return 0;
}

/* Starts a process that serves within the domain. Returns a socket. */
static int start_server(int ruleset) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == -1) err(1, "socketpair");
  if (fork() != 0) {
    close(sockets[1]);
    return sockets[0];
  }
  close(sockets[0]);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (syscall(RESTRICT_SELF, ruleset, 0) == -1) err(1, "landlock_restrict_self");
  _exit(serve(sockets[1], sockets[1]));
}

static int remove_each(const char* path, const struct stat* st, int type, struct FTW* ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}

static void remove_files(void) {
  const int order = FTW_DEPTH | FTW_PHYS;
  if (chdir("..") == -1 || nftw("tree", remove_each, 8, order) || nftw("kept", remove_each, 8, order))
    err(1, "removal");
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  umask(0);
  if (is(mode, "--abi")) {
    long abi = syscall(CREATE_RULESET, NULL, 0, 1);
    return printf("%ld\n", abi == -1 ? -(long)errno : abi) < 0;
  }
  if (is(mode, "--serve")) return serve(0, 1);
  int asks = is(mode, "--ask");
  if (!asks && (mkdir("kept", 0777) == -1 || mkdir("tree", 0777) == -1)) err(1, "tree");
  if (chdir("tree") == -1) err(1, "tree");
  int ruleset = -1, to = asks ? 3 : -1, from = asks ? 4 : -1, inside;
  struct statement s;
  while (memset(&s, 0, sizeof s), scanf("%15s %15s %255s %255s", s.verb, s.word, s.first, s.second) == 4) {
    if (is(s.verb, "make")) {
      add_file(&s, asks);
    } else if (is(s.verb, "handle")) {
      ruleset = new_ruleset(strtoull(s.word, NULL, 0));
    } else if (is(s.verb, "rule")) {
      add_rule(ruleset, strtoull(s.word, NULL, 0), s.first);
    } else {
      if (to == -1) to = from = start_server(ruleset);
      int outside = attempt(&s);
      undo(&s, outside);
      if (write(to, &s, sizeof s) == -1 || read(from, &inside, sizeof inside) <= 0) err(1, "the other process");
      undo(&s, inside);
      printf("%d %d\n", outside, inside);
    }
  }
  if (is(mode, "--make")) return 0;
  strcpy(s.verb, "end");
  if (to != -1 && write(to, &s, sizeof s) == -1) err(1, "write");
  wait(NULL);
  remove_files();
  return 0;
}
