/*
 * The first and only process of a guest. Runs the jobs in /jobs one after the other, and powers the machine off.
 *
 * /jobs/NNN.PROGRAM is the standard input of /bin/PROGRAM. For each job, in the order of their names, writes `struct
 * head` and the program's standard output to the virtio port. Other messages go to the console.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT "/dev/vport0p1"

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

/* On older kernels the port's driver consists of modules, which /modules contains in loading order. */
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

static void run(const char *job, int output) {
  const char *dot = strchr(job, '.');
  char program[256];
  char input[256];
  if (dot == NULL) fail(job, "no program is named");
  snprintf(program, sizeof program, "/bin/%s", dot + 1);
  snprintf(input, sizeof input, "/jobs/%s", job);
  int from = open(input, O_RDONLY);
  check(from, input);
  check(dup2(from, STDIN_FILENO), "dup2");
  check(dup2(output, STDOUT_FILENO), "dup2");
  execl(program, program, (char *)NULL);
  fprintf(stderr, "init: %s: %s\n", program, strerror(errno));
  _exit(127);
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
  struct dirent **jobs;
  check(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "mount /dev");
  check(mount("proc", "/proc", "proc", 0, NULL), "mount /proc");
  load_modules();
  int port = open_port();
  int count = scandir("/jobs", &jobs, NULL, alphasort);
  check(count, "/jobs");
  for (int i = 0; i < count; i++) {
    int status;
    if (jobs[i]->d_name[0] == '.') continue;
    int output = open("/output", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(output, "/output");
    pid_t child = fork();
    check(child, "fork");
    if (child == 0) run(jobs[i]->d_name, output);
    while (waitpid(child, &status, 0) < 0)
      if (errno != EINTR) fail("waitpid", strerror(errno));
    report(port, output, status);
    close(output);
  }
  turn_off();
}
