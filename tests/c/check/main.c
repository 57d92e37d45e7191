/* Tests of the C interface from C. Exit code 0: all well. Otherwise the first failure is on stderr.
 *
 *   check layout                 print the layout of all structures
 *   check describe MODEL         print everything that the interface tells about a model
 *   check decode MODEL CASES     decode and compare with a file of expected values (tests/src/cases.rs)
 *   check misuse MODEL           call everything wrongly
 *   check cache MODEL            decode step after step with and without prepared blocks
 *   check threads MODEL          decode on 8 threads, and close meanwhile
 *   check panic                  panics inside the library (with test hooks only)
 */
#include "../layout.h"
#include "check.h"

int main(int argc, char **argv) {
  const char *command = argc > 1 ? argv[1] : "";
  if (strcmp(command, "layout") == 0 && argc == 2) {
    print_layout();
  } else if (strcmp(command, "describe") == 0 && argc == 3) {
    describe(argv[2]);
  } else if (strcmp(command, "decode") == 0 && argc == 4) {
    decode(argv[2], argv[3]);
  } else if (strcmp(command, "misuse") == 0 && argc == 3) {
    misuse(argv[2]);
  } else if (strcmp(command, "cache") == 0 && argc == 3) {
    cache(argv[2]);
  } else if (strcmp(command, "threads") == 0 && argc == 3) {
    threads(argv[2]);
#ifdef NEUVOL_TEST_HOOKS
  } else if (strcmp(command, "panic") == 0 && argc == 2) {
    panics();
#endif
  } else {
    fprintf(stderr, "usage: see the beginning of tests/c/check/main.c\n");
    return 2;
  }
  return 0;
}
