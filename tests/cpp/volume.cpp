// neuvol.hpp on a file: through the linked library, or one that is loaded by name. Prints what it decodes, for the test to
// compare.
//
//   volume MODEL [LIBRARY]
#include "check.hpp"
#include "neuvol.hpp"

#include <dlfcn.h>

#include <cmath>
#include <thread>
#include <type_traits>

using neuvol::Api;
using neuvol::Request;
using neuvol::Volume;

static_assert(!std::is_copy_constructible<Volume>::value && std::is_nothrow_move_constructible<Volume>::value, "an owner");
static_assert(!std::is_copy_constructible<neuvol::Texture>::value, "an owner");
static_assert(!std::is_copy_constructible<neuvol::Ticket>::value, "an owner");
static_assert(!std::is_copy_assignable<neuvol::Context>::value, "an owner");

namespace {

bool contains(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

Volume open(const Api &api, const char *path) {
  auto volume = Volume::open_file(api, path);
  if (!volume) std::fprintf(stderr, "%s\n", volume.error().message.c_str());
  CHECK(volume);
  return std::move(*volume);
}

/// Count and sum of the valid values.
void print(const std::vector<float> &values) {
  std::size_t count = 0;
  double sum = 0;
  for (float value : values) {
    if (!std::isnan(value)) {
      count += 1;
      sum += static_cast<double>(value);
    }
  }
  std::printf("%zu %.17g\n", count, sum);
}

void describe(const Volume &volume) {
  const auto info = volume.info();
  CHECK(info && info->variable_count == 3);
  const auto theta = volume.find_variable("theta");
  CHECK(theta && *theta == 0);
  const auto variable = volume.variable(*theta);
  CHECK(variable && variable->name == "theta" && variable->has_time());
  CHECK((variable->dims() == std::array<std::uint32_t, 3>{37, 20, 18}));
  CHECK((variable->dims(2) == std::array<std::uint32_t, 3>{10, 5, 5}));
  CHECK(variable->voxels() == 37 * 20 * 18 && variable->voxels(2) == 250);
  CHECK(!variable->dimensions[NEUVOL_AXIS_TIME].empty());
  const auto none = volume.find_variable("no such");
  CHECK(!none && none.error().code == NEUVOL_ERROR_INVALID_ARGUMENT && contains(none.error().message, "variable name"));
  CHECK(!volume.variable(99));

  for (std::uint32_t n = 0; n < info->coordinate_count; ++n) {
    const auto coordinate = volume.coordinate(n);
    CHECK(coordinate);
    std::uint64_t count = 1;
    for (std::uint64_t length : coordinate->shape) count *= length;
    CHECK(coordinate->values.size() == count);
    CHECK(volume.find_coordinate(coordinate->name).value() == n);
    std::printf("%s [%s] %zu\n", coordinate->name.c_str(), coordinate->units.c_str(), coordinate->values.size());
  }
  const auto metadata = volume.metadata();
  CHECK(metadata && metadata->front() == '{' && metadata->back() == '}');
}

void decode(const Volume &volume) {
  const auto all = volume.decode_all(0, 1.0);
  CHECK(all);
  print(*all);

  // A box is a part of the whole, and a probe of one voxel, too.
  Request request;
  request.time = 1.0;
  request.box_min = {3, 2, 1};
  request.box_max = {20, 18, 17};
  const auto box = volume.decode(request);
  CHECK(box && box->size() == 17 * 16 * 16);
  for (std::uint32_t z = 1; z < 17; ++z) {
    for (std::uint32_t y = 2; y < 18; ++y) {
      for (std::uint32_t x = 3; x < 20; ++x) {
        const float whole = (*all)[x + 37 * (y + 20 * z)];
        const float part = (*box)[x - 3 + 17 * (y - 2 + 16 * (z - 1))];
        CHECK(whole == part || (std::isnan(whole) && std::isnan(part)));
      }
    }
  }
  const float probed = volume.probe(0, 1.0, {5, 6, 7}).value();
  const float whole = (*all)[5 + 37 * (6 + 20 * 7)];
  CHECK(probed == whole || (std::isnan(probed) && std::isnan(whole)));

  request = Request{};
  request.level = 2;
  CHECK(volume.decode(request).value().size() == 250);
  request.level = 77;
  CHECK(contains(volume.decode(request).error().message, "level"));
  CHECK(contains(volume.decode_all(0, 99).error().message, "time"));

  const auto desc = volume.describe(Request{}, NEUVOL_FORMAT_U8);
  CHECK(desc);
  std::vector<std::uint8_t> bytes(37 * 20 * 18), coverage(bytes.size());
  CHECK(volume.decode_into(*desc, bytes.data(), bytes.size(), coverage.data(), coverage.size()));
  CHECK(!volume.decode_into(*desc, bytes.data(), bytes.size() - 1));
  const auto range = volume.block_range(0, 0, 1.0, 0);
  CHECK(range && range->min == 280.5f && range->max == 280.5f);
  CHECK(!volume.block_range(0, 0, 1.0, 12345));
  CHECK(volume.stats().value().voxels_decoded > 0);
}

void own(const Api &api, const char *path) {
  Volume first = open(api, path);
  const neuvol_volume handle = first.handle();
  Volume second = std::move(first);
  CHECK(!first && second.handle().id == handle.id);  // NOLINT: what is left is empty, as documented.
  const auto empty = first.decode_all(0, 0);
  CHECK(!empty && empty.error().code == NEUVOL_ERROR_INVALID_HANDLE);
  CHECK(first.metadata().error().code == NEUVOL_ERROR_INVALID_HANDLE && !first.variable(0) && !first.coordinate(0));
  second = open(api, path);
  // The one that was there is closed.
  CHECK(api.volume_close(handle) == NEUVOL_ERROR_INVALID_HANDLE);
  Volume &same = second;
  second = std::move(same);
  CHECK(second);
  const neuvol_volume closed = second.handle();
  second.close();
  second.close();
  CHECK(!second && api.volume_close(closed) == NEUVOL_ERROR_INVALID_HANDLE);
  Volume().close();

  const auto missing = Volume::open_file(api, "no such file.neuvol");
  CHECK(!missing && missing.error().code == NEUVOL_ERROR_IO && contains(missing.error().message, "no such file.neuvol"));
  CHECK(std::move(Volume::open_memory(api, "no volume", 9)).value_or(Volume()).handle().id == 0);

  neuvol::Context context;
  CHECK(!context.record(nullptr, 1, 0) && !context.set_budget(1) && !context.stats() && !context.device_lost() && !context.backend());
  CHECK(!neuvol::Ticket().poll() && !neuvol::Ticket().progress());
  neuvol::Texture().close();
  auto desc = neuvol::Context::vulkan_desc();
  const auto refused = neuvol::Context::create_vulkan(api, desc);
  CHECK(!refused && refused.error().code == NEUVOL_ERROR_NULL_POINTER);
}

/// Each thread has its own last error, and a `Result` keeps its text.
void errors_of_threads(const Api &api) {
  const auto mine = Volume::open_file(api, "mine");
  std::string other;
  std::thread([&] { other = Volume::open_file(api, "other").error().message; }).join();
  CHECK(contains(mine.error().message, "mine") && contains(other, "other"));
  CHECK(contains(api.error(NEUVOL_ERROR_IO).message, "mine"));
}

void log(const Api &api) {
  api.drain_log();
  CHECK(api.drain_log().empty());
}

std::uint32_t NEUVOL_CALL version_of_tomorrow() { return (NEUVOL_ABI_MAJOR + 1) << 16 | 3; }

void refuse(void *library) {
  const auto nothing = Api::load([](const char *) -> void * { return nullptr; });
  CHECK(!nothing && nothing.error().code == NEUVOL_ERROR_ABI_MISMATCH);
  CHECK(contains(nothing.error().message, "neuvol_abi_version: it is not Neuvol"));
  const auto newer = Api::load([](const char *) { return &version_of_tomorrow; });
  CHECK(!newer && contains(newer.error().message, "the library has interface 1.3, this program needs 0."));
  const auto partial = Api::load([&](const char *name) -> void * {
    const std::string_view wanted(name);
    return wanted == "neuvol_decode_submit" || wanted == "neuvol_log_drain" ? nullptr : dlsym(library, name);
  });
  CHECK(!partial && contains(partial.error().message, "lacks functions of interface"));
  CHECK(contains(partial.error().message, ": neuvol_log_drain, neuvol_decode_submit"));
}

}  // namespace

int main(int argc, char **argv) {
  CHECK(argc == 2 || argc == 3);
#ifdef NEUVOL_TEST_LINKED
  CHECK(argc == 2);
  const Api &api = Api::linked();
  void *const library = dlopen(nullptr, RTLD_NOW);
#else
  CHECK(argc == 3);
  void *const library = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
  CHECK(library != nullptr);
  const auto loaded = Api::load([&](const char *name) { return dlsym(library, name); });
  if (!loaded) std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
  CHECK(loaded);
  const Api &api = *loaded;
#endif
  refuse(library);
  const Volume volume = open(api, argv[1]);
  describe(volume);
  decode(volume);
  own(api, argv[1]);
  errors_of_threads(api);
  log(api);
  return 0;
}
