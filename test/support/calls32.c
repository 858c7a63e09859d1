/*
 * Calls mkdir("/nowhere/x", 0700) by int $0x80 in a 64-bit program, with bits set in the upper halves of its registers.
 * Prints the return value.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int main(void) {
  char *low = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  strcpy(low, "/nowhere/x");
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(39L), "b"((long)low | 1L << 40), "c"(0700L | 1L << 33)
                   : "memory", "r8", "r9", "r10", "r11");
  printf("%ld\n", result);
  return 0;
}
