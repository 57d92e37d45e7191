#include "check.h"

#define THREADS 8

struct worker {
  neuvol_volume volume;
  const float *expected;
  long decodes;
};

#define SIDE (37 * 20 * 18)

static neuvol_decode_desc whole_grid(void) {
  neuvol_decode_desc desc = {sizeof(neuvol_decode_desc), 0, NEUVOL_FORMAT_F32, NEUVOL_PRECISION_EXACT, 0, 0, 0, 0,
                             1.5, {0, 0, 0}, {37, 20, 18}, 0, 0, 0.0f, 0.0f};
  return desc;
}

/* Decodes until the volume is closed. */
static void *work(void *argument) {
  struct worker *worker = argument;
  neuvol_decode_desc desc = whole_grid();
  float *values = allocate(SIDE * sizeof(float));
  for (;;) {
    neuvol_result result = neuvol_decode_to_host(worker->volume, &desc, values, SIDE * sizeof(float), NULL, 0);
    if (result == NEUVOL_ERROR_INVALID_HANDLE) break;
    OK(result);
    CHECK(memcmp(values, worker->expected, SIDE * sizeof(float)) == 0);
    worker->decodes++;
  }
  free(values);
  return NULL;
}

void threads(const char *path) {
  neuvol_decode_desc desc = whole_grid();
  float *expected = allocate(SIDE * sizeof(float));
  int round;
  for (round = 0; round < 4; round++) {
    size_t len;
    unsigned char *bytes = read_file(path, &len);
    neuvol_volume volume = {0};
    neuvol_volume_stats stats;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    long decodes = 0;
    int i;
    OK(neuvol_volume_open_memory(bytes, len, NULL, &volume));
    OK(neuvol_decode_to_host(volume, &desc, expected, SIDE * sizeof(float), NULL, 0));
    for (i = 0; i < THREADS; i++) {
      workers[i].volume = volume;
      workers[i].expected = expected;
      workers[i].decodes = 0;
      CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
    }
    stats.struct_size = sizeof stats;
    do {
      OK(neuvol_volume_get_stats(volume, &stats));
    } while (stats.voxels_decoded < (uint64_t)(4 + 4 * round) * SIDE);
    OK(neuvol_volume_close(volume));
    /* Closing has waited for all decodes: the memory is ours again. */
    memset(bytes, 0xff, len);
    free(bytes);
    for (i = 0; i < THREADS; i++) {
      CHECK(pthread_join(threads[i], NULL) == 0);
      decodes += workers[i].decodes;
    }
    printf("closed after %ld decodes\n", decodes);
  }
  free(expected);
}
