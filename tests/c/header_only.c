/* The header alone, twice: it must need nothing before it, and no structure may have hidden padding (-Wpadded). */
#include "neuvol.h"
#include "neuvol.h"

int main(void);

int main(void) {
  /* A host that loads the library by name has pointers to its functions. */
  neuvol_result (NEUVOL_CALL *close)(neuvol_volume) = neuvol_volume_close;
  neuvol_volume none = {0};
  return close(none) == NEUVOL_OK ? 0 : 1;
}
