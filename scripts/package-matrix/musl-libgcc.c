// What Debian's libgcc_s.so.1 needs of glibc and musl does not have: musl-node.sh links this and libgcc_s into one library.
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>
#include <stdint.h>

// What the macro __builtin_cpu_supports reads: no feature. musl's loader does not find libgcc_s's own, which have an old version.
unsigned __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }

struct dl_find_object {
  unsigned long long flags;
  void *map_start, *map_end;
  struct link_map *link_map;
  void *eh_frame;
  unsigned long long reserved[7];
};

struct search {
  uintptr_t address;
  struct dl_find_object *result;
};

static int visit(struct dl_phdr_info *info, size_t size, void *data) {
  struct search *search = data;
  uintptr_t start = UINTPTR_MAX, end = 0, frame = 0;
  int found = 0;
  (void)size;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    uintptr_t from = info->dlpi_addr + header->p_vaddr, to = from + header->p_memsz;
    if (header->p_type == PT_GNU_EH_FRAME) frame = from;
    if (header->p_type != PT_LOAD) continue;
    if (from < start) start = from;
    if (to > end) end = to;
    if (search->address >= from && search->address < to) found = 1;
  }
  if (!found || frame == 0) return 0;
  search->result->map_start = (void *)start;
  search->result->map_end = (void *)end;
  search->result->eh_frame = (void *)frame;
  return 1;
}

// dl_find_object(3) of glibc, with which the unwinder finds the exception tables of a function.
int _dl_find_object(void *address, struct dl_find_object *result) {
  struct search search = {(uintptr_t)address, result};
  return dl_iterate_phdr(visit, &search) == 1 ? 0 : -1;
}
