#include "check.h"

/* Sizes of the structures in version 0.1. */
#define OPEN_DESC_0_1 16
#define VOLUME_STATS_0_1 48

static neuvol_volume_stats stats_of(neuvol_volume volume) {
  neuvol_volume_stats stats;
  stats.struct_size = sizeof stats;
  OK(neuvol_volume_get_stats(volume, &stats));
  return stats;
}

/* A host that was compiled for version 0.1: what lies behind its structures is neither read nor written. */
static void older_structures(const char *path) {
  neuvol_open_desc desc = {OPEN_DESC_0_1, NEUVOL_ABI_MAJOR << 16 | 1, 1, 0, 12345};
  neuvol_decode_desc box = {sizeof(neuvol_decode_desc), 0, NEUVOL_FORMAT_F32, NEUVOL_PRECISION_EXACT, 0, 0, 0, 0,
                            0.0, {0, 0, 0}, {37, 20, 18}, 0, 0, 0.0f, 0.0f};
  neuvol_volume volume = {0};
  neuvol_volume_stats stats;
  float *values = allocate(37 * 20 * 18 * sizeof(float));
  OK(neuvol_volume_open_file(path, strlen(path), &desc, &volume));
  OK(neuvol_decode_to_host(volume, &box, values, 37 * 20 * 18 * sizeof(float), NULL, 0));
  memset(&stats, 0x5a, sizeof stats);
  stats.struct_size = VOLUME_STATS_0_1;
  OK(neuvol_volume_get_stats(volume, &stats));
  CHECK(stats.struct_size == VOLUME_STATS_0_1 && stats.blocks_decoded > 0 && stats.decode_seconds > 0);
  CHECK(stats.cache_hits == 0x5a5a5a5a5a5a5a5au && stats.cache_bytes == 0x5a5a5a5a5a5a5a5au);
  /* The usual budget: more than the 12345 bytes that version 0.1 does not know of. */
  CHECK(stats_of(volume).cache_bytes > 12345);
  OK(neuvol_volume_close(volume));
  free(values);
}

/* Twice through the time steps and between them, with several budgets: the same bytes. */
void cache(const char *path) {
  const uint64_t budgets[] = {NEUVOL_CACHE_NONE, 0, 200000, 20000, 1};
  const size_t voxels = 37 * 20 * 18;
  float *expected = allocate(18 * voxels * sizeof(float));
  float *values = allocate(voxels * sizeof(float));
  uint64_t all_misses = 0, all_bytes = 0;
  size_t i, n;
  older_structures(path);
  for (i = 0; i < sizeof budgets / sizeof *budgets; i++) {
    neuvol_open_desc desc = {sizeof(neuvol_open_desc), NEUVOL_ABI_VERSION, 1, 0, 0};
    neuvol_volume volume = {0};
    neuvol_volume_stats stats;
    desc.cache_bytes = budgets[i];
    OK(neuvol_volume_open_file(path, strlen(path), &desc, &volume));
    for (n = 0; n < 36; n++) {
      neuvol_decode_desc box = {sizeof(neuvol_decode_desc), 0, NEUVOL_FORMAT_F32, NEUVOL_PRECISION_EXACT, 0, 0, 0, 0,
                                0.0, {0, 0, 0}, {37, 20, 18}, 0, 0, 0.0f, 0.0f};
      float *known = expected + n % 18 * voxels;
      box.time = (double)(n / 2 % 9) * 0.5;
      box.precision = n % 2 ? NEUVOL_PRECISION_FAST : NEUVOL_PRECISION_EXACT;
      OK(neuvol_decode_to_host(volume, &box, values, voxels * sizeof(float), NULL, 0));
      if (i == 0 && n < 18) memcpy(known, values, voxels * sizeof(float));
      CHECK(memcmp(values, known, voxels * sizeof(float)) == 0);
    }
    stats = stats_of(volume);
    printf("budget %" PRIu64 ": %" PRIu64 " hits, %" PRIu64 " misses, %" PRIu64 " bytes held, %" PRIu64 " read\n",
           budgets[i], stats.cache_hits, stats.cache_misses, stats.cache_bytes, stats.payload_bytes);
    if (i == 0) {
      all_misses = stats.cache_misses;
      all_bytes = stats.payload_bytes;
    }
    CHECK(stats.cache_hits + stats.cache_misses == all_misses && all_misses > 0);
    switch (i) {
      case 1:
        CHECK(stats.cache_hits > 5 * stats.cache_misses && stats.cache_bytes > 0 && stats.payload_bytes < all_bytes / 5);
        break;
      case 2:
      case 3:
        CHECK(stats.cache_bytes <= budgets[i]);
        break;
      default:
        CHECK(stats.cache_hits == 0 && stats.cache_bytes == 0 && stats.payload_bytes == all_bytes);
    }
    OK(neuvol_volume_close(volume));
  }
  free(expected);
  free(values);
}
