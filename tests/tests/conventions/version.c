/* The three versions, structs that may grow, and texts. */
#include "driver.h"

#include <dlfcn.h>
#include <fcntl.h>

static void the_version_is_the_packages(void) { CHECK(strcmp(vil_version(), PACKAGE_VERSION) == 0); }

static void the_abi_version_is_in_the_soname(void) {
  char soname[32];
  snprintf(soname, sizeof soname, "libvil.so.%u", (unsigned)vil_abi_version());
  void *loaded = dlopen(soname, RTLD_NOW | RTLD_NOLOAD); /* the library this program runs with, by its own name */
  CHECK(loaded != NULL);
  CHECK(dlclose(loaded) == 0);
}

static void a_world_of_another_layout_is_refused(void) {
  vil_world_t *world = attached(NULL), *again = NULL;
  uint64_t version = 0;
  const int file = open(world_file(), O_RDWR);
  CHECK(file >= 0 && pread(file, &version, sizeof version, 8) == (ssize_t)sizeof version);
  CHECK(version == vil_layout_version()); /* the header's second word, see docs/memory-layout.md */
  version++;
  CHECK(pwrite(file, &version, sizeof version, 8) == (ssize_t)sizeof version);
  SAYS(VIL_E_ABI, vil_world_open(the_world, NULL, NULL, &again, NULL));
  version--;
  CHECK(pwrite(file, &version, sizeof version, 8) == (ssize_t)sizeof version && close(file) == 0);
  GOES(vil_world_open(the_world, NULL, NULL, &again, NULL));
  GOES(vil_world_close(again));
  GOES(vil_world_close(world));
}

static void an_unknown_struct_size_is_refused(void) {
  static const uint32_t sizes[] = {0, 1, 3, 100000};
  vil_program_t *parsed = program();
  vil_world_t *world = attached(NULL), *other = NULL;
  vil_heap_t *heap = NULL;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    vil_world_options_t options = {sizes[i], 0, NULL, 0, 0};
    vil_heap_options_t heap_options = {sizes[i], 0, NULL, NULL, 0, 1, 0, 0, 0, 0, 0, NULL};
    vil_contract_t contract = notebook_writer_contract;
    contract.struct_size = sizes[i];
    SAYS(VIL_E_ARGUMENT, vil_world_open(the_world, NULL, &options, &other, NULL));
    SAYS(VIL_E_ARGUMENT, vil_world_open(the_world, &contract, NULL, &other, NULL));
    SAYS(VIL_E_ARGUMENT, vil_world_create("another", parsed, NULL, &options, &other, NULL));
    SAYS(VIL_E_ARGUMENT, vil_world_unlink("another", &options, NULL));
    SAYS(VIL_E_ARGUMENT, vil_heap_create("another", &heap_options, &heap, NULL));
  }
  GOES(vil_world_close(world));
  GOES(vil_program_close(parsed));
}

static void an_answer_is_filled_as_far_as_both_know_it(void) {
  vil_world_t *world = attached(NULL);
  struct {
    vil_audit_t audit;
    uint64_t later[8];
  } larger;
  vil_audit_t smaller;
  memset(&larger, 0x5a, sizeof larger);
  larger.audit.struct_size = sizeof larger; /* a caller of a later library */
  GOES(vil_world_audit(world, &larger.audit));
  CHECK(larger.audit.struct_size == sizeof larger.audit && larger.audit.free_slots == larger.audit.slots);
  for (int i = 0; i < 8; i++) CHECK(larger.later[i] == UINT64_C(0x5a5a5a5a5a5a5a5a));
  memset(&smaller, 0x5a, sizeof smaller);
  smaller.struct_size = 16; /* a caller of an earlier one */
  GOES(vil_world_audit(world, &smaller));
  CHECK(smaller.struct_size == 16 && smaller.slots == larger.audit.slots);
  CHECK(smaller.free_slots == UINT64_C(0x5a5a5a5a5a5a5a5a));
  smaller.struct_size = 0;
  SAYS(VIL_E_ARGUMENT, vil_world_audit(world, &smaller));
  GOES(vil_world_close(world));
}

static const rule_t rules[] = {
    {"C-VER-1", the_version_is_the_packages},
    {"C-VER-2", the_abi_version_is_in_the_soname},
    {"C-VER-3", a_world_of_another_layout_is_refused},
    {"C-VER-4", an_unknown_struct_size_is_refused},
    {"C-VER-5", an_answer_is_filled_as_far_as_both_know_it},
};

RULES(rules)
