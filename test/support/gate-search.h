/* Searches the memory of a process for a gate value. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t words[3];

/* The number of the value's words at `bytes`, and of jeq instructions there whose constant is half a word. */
static int found_at(const unsigned char *bytes) {
  uint64_t word;
  uint32_t half;
  uint16_t code;
  int found = 0;
  memcpy(&word, bytes, sizeof word);
  memcpy(&half, bytes + 4, sizeof half);
  memcpy(&code, bytes, sizeof code);
  for (int i = 0; i < 3; i++) {
    found += word == words[i];
    found += code == 0x15 && (half == (uint32_t)words[i] || half == (uint32_t)(words[i] >> 32));
  }
  return found;
}

static long search(long pid) {
  char name[64], line[512];
  static unsigned char buffer[1 << 20];
  long found = 0;
  snprintf(name, sizeof name, "/proc/%ld/maps", pid);
  FILE *maps = fopen(name, "r");
  snprintf(name, sizeof name, "/proc/%ld/mem", pid);
  int memory = open(name, O_RDONLY);
  if (maps == NULL || memory < 0) return -1;
  while (fgets(line, sizeof line, maps)) {
    unsigned long start, end, inode;
    char rights[5];
    if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, rights, &inode) != 4 || rights[0] != 'r') continue;
    if (inode != 0 && rights[1] != 'w') continue; /* The content of a program's file. */
    if (end - start > 1ul << 33) continue; /* A mapping that is mostly empty, such as a sanitizer's shadow memory. */
    while (start < end) {
      size_t size = end - start < sizeof buffer ? end - start : sizeof buffer;
      ssize_t got = pread(memory, buffer, size, (off_t)start);
      if (got <= 0) break;
      for (ssize_t at = 0; at + 8 <= got; at += 4) found += found_at(buffer + at);
      start += (unsigned long)got;
    }
  }
  fclose(maps);
  close(memory);
  return found;
}
