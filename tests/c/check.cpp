// Tests of the C interface from C++: the layout, and one decode with owners of C++.
//
//   check layout        print the layout of all structures
//   check decode MODEL  print count and sum of the valid values of variable 0 at step 1
#include "neuvol.h"
#include "neuvol.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "layout.h"

static_assert(std::is_same<neuvol_result, std::int32_t>::value, "results are 32 bits wide everywhere");
static_assert(std::is_trivially_copyable<neuvol_decode_desc>::value, "structures are plain data");
static_assert(sizeof(neuvol_volume) == 8, "a handle is a number of 64 bits");

namespace {

void require(neuvol_result result) {
  if (result < 0) {
    std::string text(neuvol_last_error(nullptr, 0) + 1, '\0');
    neuvol_last_error(&text[0], text.size());
    throw std::runtime_error(std::string(neuvol_result_name(result)) + ": " + text.c_str());
  }
}

class Volume {
 public:
  explicit Volume(const std::string &path) { require(neuvol_volume_open_file(path.data(), path.size(), nullptr, &handle_)); }
  Volume(const Volume &) = delete;
  Volume &operator=(const Volume &) = delete;
  ~Volume() { neuvol_volume_close(handle_); }

  neuvol_variable_info variable(std::uint32_t index) const {
    neuvol_variable_info info{};
    info.struct_size = sizeof info;
    require(neuvol_variable_get_info(handle_, index, &info));
    return info;
  }

  std::vector<float> decode(std::uint32_t index, double time) const {
    const neuvol_variable_info info = variable(index);
    neuvol_decode_desc desc{};
    desc.struct_size = sizeof desc;
    desc.format = NEUVOL_FORMAT_F32;
    desc.variable = index;
    desc.time = time;
    std::memcpy(desc.box_max, info.dims, sizeof desc.box_max);
    std::vector<float> values(std::size_t(info.dims[0]) * info.dims[1] * info.dims[2]);
    require(neuvol_decode_to_host(handle_, &desc, values.data(), values.size() * sizeof(float), nullptr, 0));
    return values;
  }

 private:
  neuvol_volume handle_{};
};

void decode(const char *path) {
  const Volume volume(path);
  std::size_t count = 0;
  double sum = 0;
  for (float value : volume.decode(0, 1.0)) {
    if (!std::isnan(value)) {
      count += 1;
      sum += value;
    }
  }
  std::printf("%zu %.17g\n", count, sum);
  try {
    volume.decode(99, 0.0);
    throw std::logic_error("variable 99 was decoded");
  } catch (const std::runtime_error &error) {
    if (std::strstr(error.what(), "variable: 99") == nullptr) throw;
  }
}

}  // namespace

int main(int argc, char **argv) {
  try {
    if (argc == 2 && std::strcmp(argv[1], "layout") == 0) {
      print_layout();
    } else if (argc == 3 && std::strcmp(argv[1], "decode") == 0) {
      decode(argv[2]);
    } else {
      return 2;
    }
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
