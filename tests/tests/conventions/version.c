/* The three versions, and structs that may grow. */
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
    vil_world_options_t options = {sizes[i], 0, NULL};
    vil_heap_options_t heap_options = {sizes[i], 64, 1, 8, 0, 0, NULL};
    vil_contract_t contract = notebook_writer_contract;
    vil_audit_t audit = {sizes[i], 0, 0, 0, 0, 0, 0, 0};
    vil_route_info_t route = {sizes[i], 0, "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    vil_process_info_t process = {sizes[i], 0, 0, ""};
    contract.struct_size = sizes[i];
    SAYS(VIL_E_ARGUMENT, vil_world_open(the_world, NULL, &options, &other, NULL));
    SAYS(VIL_E_ARGUMENT, vil_world_open(the_world, &contract, NULL, &other, NULL));
    SAYS(VIL_E_ARGUMENT, vil_world_create("another", parsed, NULL, &options, &other, NULL));
    SAYS(VIL_E_ARGUMENT, vil_world_unlink("another", &options, NULL));
    SAYS(VIL_E_ARGUMENT, vil_heap_create("another", &heap_options, &heap, NULL));
    SAYS(VIL_E_ARGUMENT, vil_world_audit(world, &audit));
    SAYS(VIL_E_ARGUMENT, vil_world_route_info(world, 0, &route));
    SAYS(VIL_E_ARGUMENT, vil_world_process_info(world, 0, &process));
  }
  GOES(vil_world_close(world));
  GOES(vil_program_close(parsed));
}

static const rule_t rules[] = {
    {"C-VER-1", the_version_is_the_packages},
    {"C-VER-2", the_abi_version_is_in_the_soname},
    {"C-VER-3", a_world_of_another_layout_is_refused},
    {"C-VER-4", an_unknown_struct_size_is_refused},
};

RULES(rules)
