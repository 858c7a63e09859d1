/*
 * racer: opens a file again and again, while another thread changes which one it names.
 *
 *   racer memory GRANTED SECRET     the path in memory becomes another one; both have the same length
 *   racer directory GRANTED SECRET  the descriptor of the directory becomes another one, in which is the same name
 *
 * Prints how often the content was `granted`, how often `secret`, and how often opening failed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 4000 };

static char path[4096];
static const char* choices[2];
static int directories[2], directory = -1;
static volatile int is_over;

static void* change_memory(void* unused) {
  for (size_t i = 0; !is_over; i++) memcpy(path, choices[i % 2], strlen(choices[i % 2]));
  return unused;
}

static void* change_directory(void* unused) {
  for (size_t i = 0; !is_over; i++) dup3(directories[i % 2], directory, O_CLOEXEC);
  return unused;
}

int main(int argc, char** argv) {
  if (argc != 4) errx(1, "see the source");
  int in_memory = strcmp(argv[1], "memory") == 0;
  for (int i = 0; i < 2; i++) {
    choices[i] = argv[2 + i];
    if (in_memory) continue;
    directories[i] = open(choices[i], O_PATH | O_DIRECTORY);
    if (directories[i] == -1) err(1, "%s", choices[i]);
  }
  strcpy(path, in_memory ? choices[0] : "file");
  if (!in_memory) directory = dup(directories[0]);
  pthread_t thread;
  if (pthread_create(&thread, NULL, in_memory ? change_memory : change_directory, NULL)) errx(1, "pthread_create");
  int granted = 0, secret = 0, failed = 0;
  for (int i = 0; i < TRIES; i++) {
    char content[16] = "";
    int fd = openat(in_memory ? AT_FDCWD : directory, path, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || read(fd, content, sizeof content - 1) == -1) failed++;
    if (fd != -1) close(fd);
    granted += strcmp(content, "granted") == 0;
    secret += strcmp(content, "secret") == 0;
  }
  is_over = 1;
  pthread_join(thread, NULL);
  printf("%d %d %d\n", granted, secret, failed);
  return 0;
}
