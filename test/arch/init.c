/*
 * The first process of a guest. Prepares a root directory, runs jobs in it one after the other, and powers the machine
 * off. The initramfs contains
 *
 *   /modules    the kernel modules to load, in the order of their names;
 *   /system     the root directory of the jobs: its folders and programs;
 *   /jobs/NNNN  the jobs, in the order of their names. A folder with `command`: a program's path and its arguments, a
 *               NUL after each; `input`: its standard input; `user`: its user and group ID.
 *
 * For each job, writes `struct head` and the program's standard output to the virtio port. Other messages go to the
 * console. What a job leaves running is killed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT "/dev/vport0p1"
#define HOME_OF_ROOT "/root"
/* The ordinary user of the guest. */
#define USER 1000
#define HOME_OF_USER "/home/user"

/* Precedes each output. Little-endian, as all machines here are. */
struct head {
  uint32_t status; /* as of waitpid(2) */
  uint32_t length;
};

static void turn_off(void) {
  sync();
  reboot(RB_POWER_OFF);
  for (;;) pause();
}

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "init: %s: %s\n", what, detail);
  turn_off();
}

static void check(int result, const char *what) {
  if (result < 0) fail(what, strerror(errno));
}

/* On older kernels the port's driver consists of modules. */
static void load_modules(void) {
  struct dirent **modules;
  int count = scandir("/modules", &modules, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    char path[512];
    if (modules[i]->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/modules/%s", modules[i]->d_name);
    int module = open(path, O_RDONLY | O_CLOEXEC);
    check(module, path);
    check((int)syscall(SYS_finit_module, module, "", 0), path);
    close(module);
  }
}

/*
 * Makes /system a mount and the root directory, as switch_root(8) does: pivot_root(2) fails where the root directory is
 * the initramfs, and unshare(2) with CLONE_NEWUSER where it is another one than that of the mount namespace. The file
 * system is still that of the initramfs, a tmpfs.
 */
static void enter_system(void) {
  check(mount("/system", "/system", NULL, MS_BIND, NULL), "bind /system");
  check(chdir("/system"), "/system");
  check(mount("devtmpfs", "dev", "devtmpfs", MS_NOSUID, NULL), "mount /dev");
  /* Tomoyo, as in Linux 5.10 of Debian, looks for a program that is executed by its descriptor there. */
  check(symlink("/proc/self/fd", "dev/fd"), "link /dev/fd");
  check(mkdir("dev/pts", 0755), "mkdir /dev/pts");
  check(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "ptmxmode=0666"), "mount /dev/pts");
  check(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount /proc");
  check(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount /sys");
  check(mount("cgroup2", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount /sys/fs/cgroup");
  check(mount("securityfs", "sys/kernel/security", "securityfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL),
        "mount /sys/kernel/security");
  check(mount("tmpfs", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"), "mount /tmp");
  check(mount(".", "/", NULL, MS_MOVE, NULL), "move /system");
  check(chroot("."), "chroot");
  check(chdir("/"), "/");
  check(mkdir(HOME_OF_USER, 0700), HOME_OF_USER);
  check(chown(HOME_OF_USER, USER, USER), HOME_OF_USER);
}

static void start_loopback(void) {
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  check(any, "socket");
  check(ioctl(any, SIOCSIFFLAGS, &loopback), "lo");
  close(any);
}

/*
 * The driver creates the port on its own thread, shortly after init starts. The port can be opened somewhat later than its
 * file appears, and by the time at which the kernel announces the port's name, which follows.
 */
static int open_port(void) {
  char event[8192];
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK, .nl_groups = 1};
  int events = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
  check(events, "socket");
  check(bind(events, (struct sockaddr *)&kernel, sizeof kernel), "bind");
  for (;;) {
    int port = open(PORT, O_WRONLY | O_CLOEXEC);
    if (port >= 0) {
      close(events);
      return port;
    }
    if (recv(events, event, sizeof event, 0) < 0 && errno != ENOBUFS) fail("recv", strerror(errno));
  }
}

/* Reads a file of a job, and appends a NUL. Returns the length. */
static size_t read_file(int job, const char *name, char *content, size_t size) {
  int file = openat(job, name, O_RDONLY | O_CLOEXEC);
  check(file, name);
  ssize_t length = read(file, content, size);
  check((int)length, name);
  if ((size_t)length == size) fail(name, "too long");
  content[length] = '\0';
  close(file);
  return (size_t)length;
}

/* Changes the user last: without CAP_SYS_BOOT, fail() can't power the machine off. */
static void become(uid_t user) {
  const char *home = user == 0 ? HOME_OF_ROOT : HOME_OF_USER;
  check(chdir(home), home);
  check(setgroups(0, NULL), "setgroups");
  check(setresgid(user, user, user), "setresgid");
  check(setresuid(user, user, user), "setresuid");
  clearenv();
  setenv("HOME", home, 1);
  setenv("PATH", "/usr/bin:/bin", 1);
}

static void run(int job, int output) {
  static char command[65536];
  static char *arguments[1024];
  char user[16];
  size_t length = read_file(job, "command", command, sizeof command);
  size_t count = 0;
  for (char *next = command; next < command + length; next += strlen(next) + 1) {
    if (count == sizeof arguments / sizeof *arguments - 1) fail(command, "too many arguments");
    arguments[count++] = next;
  }
  read_file(job, "user", user, sizeof user);
  int input = openat(job, "input", O_RDONLY | O_CLOEXEC);
  check(input, "input");
  check(dup2(input, STDIN_FILENO), "dup2");
  check(dup2(output, STDOUT_FILENO), "dup2");
  become((uid_t)strtoul(user, NULL, 10));
  execv(command, arguments);
  fprintf(stderr, "init: %s: %s\n", command, strerror(errno));
  _exit(127);
}

/* Waits for the job, kills what it left running, and waits for that too. */
static int end_of(pid_t child) {
  int status;
  for (;;) {
    pid_t ended = waitpid(-1, &status, 0);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) fail("waitpid", strerror(errno));
  }
  kill(-1, SIGKILL);
  while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) continue;
  return status;
}

static void report(int port, int output, int status) {
  struct stat facts;
  check(fstat(output, &facts), "fstat");
  struct head head = {(uint32_t)status, (uint32_t)facts.st_size};
  if (write(port, &head, sizeof head) != sizeof head) fail(PORT, "a short write");
  for (off_t sent = 0; sent < facts.st_size;)
    if (sendfile(port, output, &sent, (size_t)(facts.st_size - sent)) <= 0) fail(PORT, strerror(errno));
}

int main(void) {
  struct dirent **names;
  int jobs = open("/jobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(jobs, "/jobs");
  int count = scandirat(jobs, ".", &names, NULL, alphasort);
  check(count, "/jobs");
  load_modules();
  enter_system();
  start_loopback();
  int port = open_port();
  for (int i = 0; i < count; i++) {
    if (names[i]->d_name[0] == '.') continue;
    int job = openat(jobs, names[i]->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(job, names[i]->d_name);
    int output = memfd_create("output", MFD_CLOEXEC);
    check(output, "memfd_create");
    pid_t child = fork();
    check(child, "fork");
    if (child == 0) run(job, output);
    report(port, output, end_of(child));
    close(output);
    close(job);
  }
  turn_off();
}
