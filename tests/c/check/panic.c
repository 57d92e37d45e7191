#include "check.h"

#ifdef NEUVOL_TEST_HOOKS
NEUVOL_API neuvol_result neuvol_test_panic(int32_t kind);

void panics(void) {
  char text[256], log[4096], cut[64];
  const char *sharp;
  size_t i;
  OK(neuvol_test_panic(0));
  CHECK_RESULT(neuvol_test_panic(1), NEUVOL_ERROR_PANIC);
  CHECK_TEXT("neuvol_test_panic: panic: boom 1: Gr\xc3\xb6\xc3\x9f""e (at ");
  /* Cut in the middle of a character: the whole character goes. */
  neuvol_last_error(text, sizeof text);
  sharp = strstr(text, "\xc3\x9f");
  CHECK(sharp != NULL);
  i = (size_t)(sharp - text);
  CHECK(i + 2 <= sizeof cut);
  neuvol_last_error(cut, i + 2);
  CHECK(strlen(cut) == i && strncmp(cut, text, i) == 0);
  CHECK_RESULT(neuvol_test_panic(2), NEUVOL_ERROR_PANIC);
  CHECK_TEXT("index out of bounds");
  CHECK_RESULT(neuvol_test_panic(3), NEUVOL_ERROR_PANIC);
  CHECK_TEXT("(no text)");
  CHECK_RESULT(neuvol_test_panic(4), NEUVOL_ERROR_PANIC);
  CHECK_TEXT("on a worker");
  OK(neuvol_test_panic(0));
  CHECK(neuvol_log_drain(log, sizeof log) > 0);
  CHECK(strstr(log, "ERROR neuvol_capi::boundary: panic at ") != NULL && strstr(log, "boom 1") != NULL);
}
#endif
