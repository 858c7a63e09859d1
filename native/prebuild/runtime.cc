// What the prebuilt addons have in the place of a C++ runtime library. They are linked with those parts of libstdc++.a
// that need nothing but these functions, so they depend on no libstdc++.so and contain no code for exceptions: neither
// has a version that every distribution and C library supports.
//
// The addon is compiled without exceptions. Here as there, what would throw one ends the process.
#include <pthread.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>

namespace {

void* Allocate(size_t size) {
  void* memory = malloc(size > 0 ? size : 1);
  if (memory == nullptr) abort();
  return memory;
}

// All zeros, which means a plain mutex to glibc and to musl. So the initialization of one static variable must not lead
// to that of another.
pthread_mutex_t guards = PTHREAD_MUTEX_INITIALIZER;

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }

// Here without the code for exceptions that the library's own instance has.
template class std::basic_string<char>;

namespace std {

// bits/functexcept.h and bits/std_function.h
[[noreturn]] void __throw_bad_alloc() { abort(); }
[[noreturn]] void __throw_bad_array_new_length() { abort(); }
[[noreturn]] void __throw_bad_function_call() { abort(); }
[[noreturn]] void __throw_length_error(const char*) { abort(); }
[[noreturn]] void __throw_logic_error(const char*) { abort(); }
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { abort(); }
[[noreturn]] void __throw_system_error(int) { abort(); }

// bits/shared_ptr_base.h: without RTTI, std::make_shared asks whether a type is one that the library made before GCC 8.
bool _Sp_make_shared_tag::_S_eq(const type_info&) noexcept { return false; }

}  // namespace std

extern "C" {

// Called for an exception. There is none.
[[noreturn]] void __gxx_personality_v0() { abort(); }

[[noreturn]] void __cxa_pure_virtual() { abort(); }

// The Itanium C++ ABI, section 3.3.3: guards of the static variables in functions. The first byte tells whether the
// variable is initialized. A thread that initializes one holds the mutex, which is common to all.
int __cxa_guard_acquire(uint8_t* guard) {
  if (__atomic_load_n(guard, __ATOMIC_ACQUIRE) != 0) return 0;
  pthread_mutex_lock(&guards);
  if (*guard == 0) return 1;
  pthread_mutex_unlock(&guards);
  return 0;
}

void __cxa_guard_release(uint8_t* guard) {
  __atomic_store_n(guard, 1, __ATOMIC_RELEASE);
  pthread_mutex_unlock(&guards);
}

// The headers of libstdc++ read this variable of glibc ≥ 2.32. 0: always use atomic operations.
extern char __libc_single_threaded;
char __libc_single_threaded = 0;

}  // extern "C"
