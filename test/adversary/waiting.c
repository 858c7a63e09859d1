// waiting WAY: makes a call whose argument is answered by this process alone, which never answers. Prints the call's
// errno, and stays, save in the last way.
//   linger         shutdown of a socket that is closed meanwhile, whose last close waits for its peer for an hour
//   queue          1,500 times connect to a local socket that accepts nobody
//   fuse-memory    mkdir, whose path is in a file of a file system of this process
//   threads        64 threads with the same, again and again
//   fuse-file      connect, with a descriptor of such a file, whose close waits for this process
//   fuse-path      mkdir of a relative path, which only this process can look up
//   fuse-socket    connect to a local socket by such a path
//   userfaultfd    mkdir, whose path is in memory that this process is to fill
//   mapping        mkdir, while other threads change the map of this process's memory all the time
//   stopped        mkdir of a process that stops itself
//   exec           shutdown, while another thread executes another program
//   plain          mkdir with a path like others
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  exit(3);
}

static void reply(int fuse, uint64_t unique, int error, const void *data, size_t size) {
  char bytes[4096];
  struct fuse_out_header header = {.len = sizeof header + size, .error = -error, .unique = unique};
  memcpy(bytes, &header, sizeof header);
  if (size > 0) memcpy(bytes + sizeof header, data, size);
  if (write(fuse, bytes, header.len) < 0) return;
}

// Answers what is needed to open a file of the name "f", and neither reads, closes, nor looks up others.
static void serve(int fuse) {
  static char bytes[1 << 20];
  alarm(60);
  for (;;) {
    if (read(fuse, bytes, sizeof bytes) <= 0) continue;
    struct fuse_in_header *in = (struct fuse_in_header *)bytes;
    struct fuse_attr directory = {.ino = 1, .mode = S_IFDIR | 0755, .nlink = 2};
    struct fuse_attr file = {.ino = 2, .mode = S_IFREG | 0666, .nlink = 1, .size = 65536};
    if (in->opcode == FUSE_INIT) {
      struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 65536};
      reply(fuse, in->unique, 0, &out, sizeof out);
    } else if (in->opcode == FUSE_LOOKUP && strcmp((char *)(in + 1), "f") == 0) {
      struct fuse_entry_out out = {.nodeid = 2, .entry_valid = 1000, .attr_valid = 1000, .attr = file};
      reply(fuse, in->unique, 0, &out, sizeof out);
    } else if (in->opcode == FUSE_GETATTR) {
      struct fuse_attr_out out = {.attr_valid = 1000, .attr = in->nodeid == 1 ? directory : file};
      reply(fuse, in->unique, 0, &out, sizeof out);
    } else if (in->opcode == FUSE_OPEN || in->opcode == FUSE_OPENDIR) {
      struct fuse_open_out out = {.fh = 1};
      reply(fuse, in->unique, 0, &out, sizeof out);
    } else if (in->opcode == FUSE_ACCESS) {
      reply(fuse, in->unique, ENOSYS, NULL, 0);
    }
  }
}

static void write_line(const char *path, const char *format, unsigned id) {
  FILE *file = fopen(path, "w");
  if (file == NULL) fail(path);
  fprintf(file, format, id);
  if (fclose(file) != 0) fail(path);
}

// A mount namespace, for which an ordinary user needs a user namespace.
static void enter_namespace(void) {
  unsigned uid = geteuid(), gid = getegid();
  if (unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) != 0) fail("unshare");
  if (uid == 0) return;
  write_line("/proc/self/uid_map", "0 %u 1\n", uid);
  write_line("/proc/self/setgroups", "deny", 0);
  write_line("/proc/self/gid_map", "0 %u 1\n", gid);
}

// A process of its own serves the file system: when it is killed, the kernel answers in its place.
static int open_fuse_file(void) {
  enter_namespace();
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail("mount");
  int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0) fail("/dev/fuse");
  char options[100];
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
  if (mount("waiting", "/mnt", "fuse", 0, options) != 0) fail("mount");
  if (fork() == 0) serve(fuse);
  close(fuse);
  int file = open("/mnt/f", O_RDWR);
  if (file < 0) fail("/mnt/f");
  return file;
}

static char *in_fuse(void) {
  char *memory = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE, open_fuse_file(), 0);
  if (memory == MAP_FAILED) fail("mmap");
  return memory;
}

static char *in_userfaultfd(void) {
  int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = {.api = UFFD_API};
  char *memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register range = {{(uintptr_t)memory, 65536}, UFFDIO_REGISTER_MODE_MISSING, 0};
  if (fd < 0 || ioctl(fd, UFFDIO_API, &api) != 0 || ioctl(fd, UFFDIO_REGISTER, &range) != 0) fail("userfaultfd");
  return memory;
}

// A connected socket whose data is not acknowledged, as its peer reads nothing.
static int lingering(void) {
  struct sockaddr_in address = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {0}};
  socklen_t size = sizeof address;
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server, (struct sockaddr *)&address, size) != 0 || listen(server, 1) != 0) fail("listen");
  getsockname(server, (struct sockaddr *)&address, &size);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (struct sockaddr *)&address, size) != 0) fail("connect");
  static const char data[65536];
  while (send(client, data, sizeof data, MSG_DONTWAIT) > 0) continue;
  const struct linger hour = {1, 3600};
  setsockopt(client, SOL_SOCKET, SO_LINGER, &hour, sizeof hour);
  return client;
}

static void *close_soon(void *socket) {
  usleep(50000);
  close(*(int *)socket);
  return NULL;
}

static struct sockaddr_un full = {AF_UNIX, "\0seccomp-waiting"};

static void *connect_once(void *unused) {
  connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&full, sizeof full);
  return unused;
}

static long connect_often(void) {
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(server, (struct sockaddr *)&full, sizeof(sa_family_t)) != 0) fail("bind");  // The kernel chooses a name.
  socklen_t size = sizeof full;
  getsockname(server, (struct sockaddr *)&full, &size);
  listen(server, 0);
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 1 << 16);
  for (int i = 0; i < 1500; i++) {
    if (pthread_create(&thread, &small, connect_once, NULL) != 0) fail("pthread_create");
  }
  puts("ready");
  pthread_join(thread, NULL);
  return 0;
}

static void *change_map(void *unused) {
  const size_t size = 1 << 26;
  for (;;) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory != MAP_FAILED) munmap(memory, size);
  }
  return unused;
}

static void *make_directories(void *path) {
  for (;;) syscall(SYS_mkdir, path, 0);
}

static void *stop(void *unused) {
  kill(getpid(), SIGSTOP);
  return unused;
}

static void *execute_soon(void *unused) {
  usleep(50000);
  execl("/bin/sleep", "sleep", "60", NULL);
  return unused;
}

static void in_threads(int count, void *(*function)(void *), void *argument) {
  pthread_t thread;
  for (int i = 0; i < count; i++) {
    if (pthread_create(&thread, NULL, function, argument) != 0) fail("pthread_create");
  }
}

static long call(const char *way) {
  if (strcmp(way, "queue") == 0) return connect_often();
  if (strcmp(way, "linger") == 0) {
    static int client;
    client = lingering();
    puts("ready");
    in_threads(1, close_soon, &client);
    return shutdown(client, SHUT_RD);
  }
  if (strcmp(way, "exec") == 0) {
    int client = lingering();
    puts("ready");
    in_threads(1, execute_soon, NULL);
    return shutdown(client, SHUT_RD);
  }
  if (strcmp(way, "fuse-file") == 0) {
    struct sockaddr address = {AF_INET, {0}};
    int file = open_fuse_file();
    puts("ready");
    return connect(file, &address, sizeof address);
  }
  if (strcmp(way, "fuse-socket") == 0) {
    struct sockaddr_un address = {AF_UNIX, "socket"};
    open_fuse_file();
    if (chdir("/mnt") != 0) fail("chdir");
    puts("ready");
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
  }
  const char *path = "/nowhere";
  if (strcmp(way, "fuse-memory") == 0 || strcmp(way, "threads") == 0) path = in_fuse();
  if (strcmp(way, "userfaultfd") == 0) path = in_userfaultfd();
  if (strcmp(way, "fuse-path") == 0) {
    open_fuse_file();
    if (chdir("/mnt") != 0) fail("chdir");
    path = "directory";
  }
  puts("ready");
  if (strcmp(way, "threads") == 0) in_threads(64, make_directories, (void *)path);
  if (strcmp(way, "mapping") == 0) in_threads(4, change_map, NULL);
  if (strcmp(way, "stopped") == 0) in_threads(1, stop, NULL);
  return syscall(SYS_mkdir, path, 0);
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts(call(arguments[1]) == 0 ? "done" : strerror(errno));
  if (strcmp(arguments[1], "plain") != 0) pause();
  _exit(0);
}
