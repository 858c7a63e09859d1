// The launcher's entry, and the functions of a C library that it and the compiler use. Since it is linked with no
// library, it is a static program of a few KB, and the same one runs wherever the kernel does.
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/no_stack_protector.h"
#include "system/raw_call.h"

int main(int count, char** arguments);

char** environ;

// The names and parameters of libc's functions, and variables that assembly writes.
// NOLINTBEGIN(bugprone-easily-swappable-parameters, bugprone-reserved-identifier, cert-dcl50-cpp, cert-dcl58-cpp)
// NOLINTBEGIN(misc-const-correctness, readability-inconsistent-declaration-parameter-name)

namespace {

constexpr int kOutOfRange = 125;

}  // namespace

// Calls seccomp_launcher_start with the initial stack pointer, by the ABI of each CPU.
asm(R"(
  .text
  .globl _start
  .type _start, @function
_start:
)"
#if defined(__x86_64__)
    "xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call seccomp_launcher_start\n"
#elif defined(__aarch64__)
    "mov x29, #0\n mov x30, #0\n mov x0, sp\n bl seccomp_launcher_start\n"
#elif defined(__riscv)
    ".option push\n .option norelax\n lla gp, __global_pointer$\n .option pop\n"
    "mv a0, sp\n andi sp, sp, -16\n call seccomp_launcher_start\n"
#elif defined(__powerpc64__)
    "addis 2, 12, .TOC. - _start@ha\n addi 2, 2, .TOC. - _start@l\n"
    "mr 3, 1\n clrrdi 1, 1, 4\n li 0, 0\n stdu 0, -32(1)\n bl seccomp_launcher_start\n nop\n"
#elif defined(__s390x__)
    "lgr %r2, %r15\n aghi %r15, -160\n xc 0(8, %r15), 0(%r15)\n jg seccomp_launcher_start\n"
#elif defined(__loongarch64)
    "move $a0, $sp\n bstrins.d $sp, $zero, 3, 0\n bl seccomp_launcher_start\n"
#endif
);

extern "C" {

// The kernel's initial stack: the number of arguments, they and a null pointer, the environment and a null pointer.
[[noreturn, gnu::used]] void seccomp_launcher_start(long* stack) {
  char** arguments = reinterpret_cast<char**>(stack + 1);
  environ = arguments + *stack + 1;
  _exit(main(static_cast<int>(*stack), arguments));
}

void _exit(int status) {
  for (;;) seccomp::RawCall(SYS_exit_group, status);
}

size_t strlen(const char* string) noexcept {
  const char* end = string;
  while (*end != '\0') end++;
  return static_cast<size_t>(end - string);
}

void* memcpy(void* __restrict to, const void* __restrict from, size_t size) noexcept {
  for (size_t i = 0; i < size; i++) static_cast<char*>(to)[i] = static_cast<const char*>(from)[i];
  return to;
}

void* memset(void* to, int byte, size_t size) noexcept {
  for (size_t i = 0; i < size; i++) static_cast<char*>(to)[i] = static_cast<char>(byte);
  return to;
}

void* memchr(const void* bytes, int byte, size_t size) noexcept {
  const auto* first = static_cast<const unsigned char*>(bytes);
  for (size_t i = 0; i < size; i++) {
    if (first[i] == static_cast<unsigned char>(byte)) return const_cast<unsigned char*>(first + i);
  }
  return nullptr;
}

int memcmp(const void* one, const void* two, size_t size) noexcept {
  const auto* a = static_cast<const unsigned char*>(one);
  const auto* b = static_cast<const unsigned char*>(two);
  for (size_t i = 0; i < size; i++) {
    if (a[i] != b[i]) return a[i] - b[i];
  }
  return 0;
}

}  // extern "C"

namespace std {

// std::string_view calls it for an index beyond its end, which this program never gives.
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { _exit(kOutOfRange); }

}  // namespace std

// NOLINTEND(misc-const-correctness, readability-inconsistent-declaration-parameter-name)
// NOLINTEND(bugprone-easily-swappable-parameters, bugprone-reserved-identifier, cert-dcl50-cpp, cert-dcl58-cpp)
