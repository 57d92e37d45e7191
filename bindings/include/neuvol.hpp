// Neuvol in C++17: owners, results and texts around neuvol.h. Header only; needs nothing but the standard library, no
// exceptions and no RTTI.
//
//   neuvol::Result<neuvol::Volume> volume = neuvol::Volume::open_file(neuvol::Api::linked(), "plume.neuvol");
//   if (!volume) return fail(volume.error().message);
//   neuvol::Result<std::vector<float>> values = volume->decode_all(0, 1.5);
//
// - An `Api` is a table of the functions: `Api::linked()` for programs that link the library, `Api::load()` for hosts that load
//   it by name (dlopen, GetProcAddress, FPlatformProcess::GetDllExport). It must outlive what is made with it.
// - `Volume`, `Context`, `Texture` and `Ticket` own a handle: they can be moved, not copied, and give it back when they go.
//   An empty one (made by default, or moved from) owns nothing; calls on it give NEUVOL_ERROR_INVALID_HANDLE.
// - Calls may be made from any thread, if nothing else is said in neuvol.h. One object must not be assigned to, moved from or
//   destroyed while another thread uses it.
// - Axes stand in the order x, y, z; arrays have x fastest. Times are in steps.
#ifndef NEUVOL_HPP
#define NEUVOL_HPP

#include "neuvol.h"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Every function of neuvol.h that a host of its own calls; those of Unity's plugin interface are for Unity.
#define NEUVOL_FOR_EACH_FUNCTION(X) \
  X(abi_version)                    \
  X(version_string)                 \
  X(result_name)                    \
  X(last_error)                     \
  X(log_drain)                      \
  X(volume_open_file)               \
  X(volume_open_memory)             \
  X(volume_close)                   \
  X(volume_get_info)                \
  X(volume_get_metadata)            \
  X(volume_get_stats)               \
  X(variable_find)                  \
  X(variable_get_info)              \
  X(variable_get_name)              \
  X(variable_get_units)             \
  X(variable_get_dimension)         \
  X(block_get_range)                \
  X(coordinate_find)                \
  X(coordinate_get_info)            \
  X(coordinate_get_name)            \
  X(coordinate_get_units)           \
  X(coordinate_get_values)          \
  X(decode_to_host)                 \
  X(context_create_vulkan)          \
  X(context_destroy)                \
  X(context_get_backend)            \
  X(context_device_lost)            \
  X(context_set_budget)             \
  X(context_record)                 \
  X(context_get_stats)              \
  X(texture_register)               \
  X(texture_status)                 \
  X(texture_unregister)             \
  X(decode_submit)                  \
  X(decode_status)                  \
  X(decode_get_progress)            \
  X(decode_cancel)

namespace neuvol {

/// Why something failed.
struct Error {
  /// One of NEUVOL_ERROR_*.
  neuvol_result code = NEUVOL_OK;
  /// Which function, which argument or file, and the cause, in UTF-8.
  std::string message;
};

/// A value, or why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return value_.has_value(); }
  bool ok() const { return value_.has_value(); }

  /// Only where `ok()`.
  T &value() & { return assert(ok()), *value_; }
  const T &value() const & { return assert(ok()), *value_; }
  T &&value() && { return assert(ok()), std::move(*value_); }
  T &operator*() & { return value(); }
  const T &operator*() const & { return value(); }
  T &&operator*() && { return std::move(*this).value(); }
  T *operator->() { return &value(); }
  const T *operator->() const { return &value(); }
  T value_or(T other) && { return ok() ? std::move(*value_) : std::move(other); }

  /// NEUVOL_OK and an empty text where `ok()`.
  const Error &error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

/// Success, or why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return ok(); }
  bool ok() const { return error_.code >= 0; }
  const Error &error() const { return error_; }

 private:
  Error error_;
};

/// The functions of one loaded library.
struct Api {
#define NEUVOL_MEMBER(name) decltype(&::neuvol_##name) name = nullptr;
  NEUVOL_FOR_EACH_FUNCTION(NEUVOL_MEMBER)
#undef NEUVOL_MEMBER

  /// Those of the library that the program is linked with.
  static const Api &linked() {
    static const Api api = [] {
      Api made;
#define NEUVOL_LINK(name) made.name = &::neuvol_##name;
      NEUVOL_FOR_EACH_FUNCTION(NEUVOL_LINK)
#undef NEUVOL_LINK
      return made;
    }();
    return api;
  }

  /// Those that `find` gives: a callable that takes a name as `const char *` and gives a pointer (`void *`, or one to a
  /// function), null if the library has no such function. NEUVOL_ERROR_ABI_MISMATCH if the library has another major version,
  /// or lacks functions; the text names all of them.
  template <class Find>
  static Result<Api> load(Find &&find) {
    Api api;
    std::string missing;
    auto resolve = [&](auto &function, const char *name) {
      using Function = std::remove_reference_t<decltype(function)>;
      // By way of an address: GetProcAddress gives a pointer to a function of another type.
      function = reinterpret_cast<Function>(reinterpret_cast<void *>(find(name)));
      if (function == nullptr) missing.append(missing.empty() ? "" : ", ").append(name);
    };
    // A library of another major version has functions of the same names that do other things: ask that one first.
    resolve(api.abi_version, "neuvol_abi_version");
    if (api.abi_version == nullptr) return mismatch("the library has no function neuvol_abi_version: it is not Neuvol");
    const std::uint32_t version = api.abi_version();
    if (version >> 16 != NEUVOL_ABI_MAJOR) {
      return mismatch("the library has interface " + text_of(version) + ", this program needs " + text_of(NEUVOL_ABI_VERSION) +
                      ": use a library and a neuvol.h of one release");
    }
#define NEUVOL_RESOLVE(name) \
  if (api.name == nullptr) resolve(api.name, "neuvol_" #name);
    NEUVOL_FOR_EACH_FUNCTION(NEUVOL_RESOLVE)
#undef NEUVOL_RESOLVE
    if (!missing.empty()) {
      return mismatch("the library (interface " + text_of(version) + ") lacks functions of interface " +
                      text_of(NEUVOL_ABI_VERSION) + ": " + missing);
    }
    return api;
  }

  /// The calling thread's last error, for a result that a function just gave.
  Error error(neuvol_result result) const {
    std::string text(last_error(nullptr, 0) + 1, '\0');
    last_error(text.data(), text.size());
    text.pop_back();
    return {result, std::string(result_name(result)) + ": " + text};
  }

  /// Success for 0 and more, else the last error.
  Result<void> status(neuvol_result result) const { return result < 0 ? Result<void>(error(result)) : Result<void>(); }

  /// Takes the log records that wait, one per line: "LEVEL module: text".
  std::string drain_log() const {
    // Bytes that come in between stay for the next call.
    std::string text(log_drain(nullptr, 0) + 1, '\0');
    text.resize(log_drain(text.data(), text.size()));
    return text;
  }

  /// "major.minor" of a version of the interface.
  static std::string text_of(std::uint32_t version) {
    return std::to_string(version >> 16) + "." + std::to_string(version & 0xffff);
  }

 private:
  static Error mismatch(std::string message) { return {NEUVOL_ERROR_ABI_MISMATCH, std::move(message)}; }
};

namespace detail {

/// A structure with its size, the rest 0.
template <class Struct>
Struct sized() {
  Struct made{};
  made.struct_size = sizeof made;
  return made;
}

/// An owner of a handle: `Close` is the member of `Api` that gives it back.
template <class Handle, neuvol_result(NEUVOL_CALL *Api::*Close)(Handle)>
class Owner {
 public:
  Owner() = default;
  Owner(const Api &api, Handle handle) : api_(&api), handle_(handle) {}
  Owner(Owner &&other) noexcept
      : api_(std::exchange(other.api_, nullptr)), handle_(std::exchange(other.handle_, Handle{})) {}
  Owner &operator=(Owner &&other) noexcept {
    if (this != &other) {
      close();
      api_ = std::exchange(other.api_, nullptr);
      handle_ = std::exchange(other.handle_, Handle{});
    }
    return *this;
  }
  Owner(const Owner &) = delete;
  Owner &operator=(const Owner &) = delete;
  ~Owner() { close(); }

  explicit operator bool() const { return handle_.id != 0; }
  /// The number, for calls of neuvol.h. Still owned by this.
  Handle handle() const { return handle_; }
  const Api *api() const { return api_; }

  /// Gives the handle back early; nothing to do for an empty one.
  void close() {
    if (handle_.id != 0) (api_->*Close)(std::exchange(handle_, Handle{}));
  }

 protected:
  Error empty(const char *what) const {
    return {NEUVOL_ERROR_INVALID_HANDLE, std::string("NEUVOL_ERROR_INVALID_HANDLE: this ") + what + " is empty"};
  }

  const Api *api_ = nullptr;
  Handle handle_{};
};

}  // namespace detail

/// How a volume is opened; 0 is the usual choice everywhere.
struct OpenOptions {
  /// Threads that share one decode; 0 = one per core, 1 = the calling thread only.
  std::uint32_t threads = 0;
  /// Bytes for blocks that stay prepared between decodes; 0 = 256 MiB, NEUVOL_CACHE_NONE = none.
  std::uint64_t cache_bytes = 0;
};

/// A variable: its grid and what is known of its values, as neuvol_variable_info says.
struct VariableInfo {
  std::uint32_t index = 0;
  std::string name;
  /// As the source states them; empty if it does not.
  std::string units;
  /// Names of the dimensions along x, y, z and time; empty where the variable has no such axis.
  std::array<std::string, 4> dimensions;
  /// Voxels, block sizes, levels, steps, range and errors.
  neuvol_variable_info grid{};

  bool has_time() const { return (grid.flags & NEUVOL_VARIABLE_HAS_TIME) != 0; }
  /// Voxels x, y, z on a level.
  std::array<std::uint32_t, 3> dims(std::uint32_t level = 0) const {
    auto at = [&](int axis) { return static_cast<std::uint32_t>(((std::uint64_t{grid.dims[axis]} - 1) >> level) + 1); };
    return {at(0), at(1), at(2)};
  }
  /// All voxels of a level.
  std::uint64_t voxels(std::uint32_t level = 0) const {
    const auto [x, y, z] = dims(level);
    return std::uint64_t{x} * y * z;
  }
};

/// A coordinate: positions along an axis, times, or anything else that the source had.
struct Coordinate {
  std::string name;
  /// As the source states them, for example "degrees_north" or "hours since 2024-07-03"; empty if it does not.
  std::string units;
  /// Length of each axis, slowest first.
  std::vector<std::uint64_t> shape;
  /// The last axis fastest.
  std::vector<double> values;
};

/// What to decode. A box of 0 voxels stands for all of the level.
struct Request {
  std::uint32_t variable = 0;
  std::uint32_t level = 0;
  std::uint32_t quality = 0;
  /// In steps; a fraction is a time between two.
  double time = 0;
  neuvol_precision precision = NEUVOL_PRECISION_EXACT;
  std::array<std::uint32_t, 3> box_min{};
  std::array<std::uint32_t, 3> box_max{};
};

/// Bounds of values; min is larger than max if there are none.
struct Range {
  float min = 0;
  float max = 0;
};

/// An open file.
class Volume : public detail::Owner<neuvol_volume, &Api::volume_close> {
 public:
  using Owner::Owner;

  /// `path` in UTF-8. The file must not be written to while it is open; replacing it by renaming another one is safe.
  static Result<Volume> open_file(const Api &api, std::string_view path, const OpenOptions &options = {}) {
    const neuvol_open_desc desc = description(options);
    neuvol_volume handle{};
    return opened(api, api.volume_open_file(path.data(), path.size(), &desc, &handle), handle);
  }

  /// The memory is borrowed: it must stay valid and unchanged until this is closed.
  static Result<Volume> open_memory(const Api &api, const void *data, std::size_t bytes, const OpenOptions &options = {}) {
    const neuvol_open_desc desc = description(options);
    neuvol_volume handle{};
    return opened(api, api.volume_open_memory(data, bytes, &desc, &handle), handle);
  }

  Result<neuvol_volume_info> info() const { return filled<neuvol_volume_info>(&Api::volume_get_info); }
  Result<neuvol_volume_stats> stats() const { return filled<neuvol_volume_stats>(&Api::volume_get_stats); }
  /// All metadata as JSON; section 5 of the format's description says what is in it.
  Result<std::string> metadata() const {
    return text([&](char *buffer, std::size_t capacity, std::size_t *needed) {
      return api_->volume_get_metadata(handle_, buffer, capacity, needed);
    });
  }

  /// Number of a variable by its name.
  Result<std::uint32_t> find_variable(std::string_view name) const { return find(&Api::variable_find, name); }
  /// Number of a coordinate by its name, which for positions along a dimension is the dimension's.
  Result<std::uint32_t> find_coordinate(std::string_view name) const { return find(&Api::coordinate_find, name); }

  Result<VariableInfo> variable(std::uint32_t index) const {
    if (!*this) return empty("volume");
    VariableInfo info;
    info.index = index;
    info.grid = detail::sized<neuvol_variable_info>();
    if (auto got = api_->status(api_->variable_get_info(handle_, index, &info.grid)); !got) return got.error();
    auto get = [&](std::string &to, auto &&call) {
      Result<std::string> got = text(call);
      if (got) to = std::move(*got);
      return got.error();
    };
    Error error = get(info.name, [&](char *buffer, std::size_t capacity, std::size_t *needed) {
      return api_->variable_get_name(handle_, index, buffer, capacity, needed);
    });
    if (error.code < 0) return error;
    error = get(info.units, [&](char *buffer, std::size_t capacity, std::size_t *needed) {
      return api_->variable_get_units(handle_, index, buffer, capacity, needed);
    });
    if (error.code < 0) return error;
    for (neuvol_axis axis : {NEUVOL_AXIS_X, NEUVOL_AXIS_Y, NEUVOL_AXIS_Z, NEUVOL_AXIS_TIME}) {
      error = get(info.dimensions[static_cast<std::size_t>(axis)], [&](char *buffer, std::size_t capacity, std::size_t *needed) {
        return api_->variable_get_dimension(handle_, index, axis, buffer, capacity, needed);
      });
      if (error.code < 0) return error;
    }
    return info;
  }

  Result<Coordinate> coordinate(std::uint32_t index) const {
    if (!*this) return empty("volume");
    auto shape = detail::sized<neuvol_coordinate_info>();
    if (auto got = api_->status(api_->coordinate_get_info(handle_, index, &shape)); !got) return got.error();
    Coordinate made;
    made.shape.assign(shape.shape, shape.shape + shape.rank);
    Result<std::string> name = text([&](char *buffer, std::size_t capacity, std::size_t *needed) {
      return api_->coordinate_get_name(handle_, index, buffer, capacity, needed);
    });
    if (!name) return name.error();
    made.name = std::move(*name);
    Result<std::string> units = text([&](char *buffer, std::size_t capacity, std::size_t *needed) {
      return api_->coordinate_get_units(handle_, index, buffer, capacity, needed);
    });
    if (!units) return units.error();
    made.units = std::move(*units);
    made.values.resize(static_cast<std::size_t>(shape.value_count));
    const neuvol_result result =
        api_->coordinate_get_values(handle_, index, made.values.data(), made.values.size(), nullptr);
    if (auto got = api_->status(result); !got) return got.error();
    return made;
  }

  /// Bounds of the valid values of a block around a time; reads only the index of the file.
  Result<Range> block_range(std::uint32_t variable, std::uint32_t quality, double time, std::uint32_t block) const {
    if (!*this) return empty("volume");
    Range range;
    const neuvol_result result =
        api_->block_get_range(handle_, variable, quality, time, block, &range.min, &range.max);
    if (auto got = api_->status(result); !got) return got.error();
    return range;
  }

  /// The voxels of a request as physical values, NaN where a voxel is not valid. Returns when all are there.
  Result<std::vector<float>> decode(const Request &request) const {
    Result<neuvol_decode_desc> desc = describe(request, NEUVOL_FORMAT_F32);
    if (!desc) return desc.error();
    std::uint64_t count = 1;
    for (int axis = 0; axis < 3; ++axis) {
      // What is no box is left to the library to refuse.
      count *= desc->box_max[axis] > desc->box_min[axis] ? desc->box_max[axis] - desc->box_min[axis] : 0;
    }
    std::vector<float> values(static_cast<std::size_t>(count));
    if (auto got = decode_into(*desc, values.data(), values.size() * sizeof(float)); !got) return got.error();
    return values;
  }

  /// All voxels of a variable at a time, on the finest level.
  Result<std::vector<float>> decode_all(std::uint32_t variable, double time) const {
    Request request;
    request.variable = variable;
    request.time = time;
    return decode(request);
  }

  /// The value of one voxel; NaN where it is not valid. Decodes what its block needs.
  Result<float> probe(std::uint32_t variable, double time, const std::array<std::uint32_t, 3> &voxel) const {
    Request request;
    request.variable = variable;
    request.time = time;
    request.box_min = voxel;
    for (std::size_t axis = 0; axis < 3; ++axis) request.box_max[axis] = voxel[axis] + 1;
    Result<std::vector<float>> values = decode(request);
    if (!values) return values.error();
    return values->front();
  }

  /// The description of a request with rows and planes without gaps, to be changed and given to decode_into().
  Result<neuvol_decode_desc> describe(const Request &request, neuvol_format format) const {
    if (!*this) return empty("volume");
    auto desc = detail::sized<neuvol_decode_desc>();
    desc.format = format;
    desc.precision = request.precision;
    desc.variable = request.variable;
    desc.level = request.level;
    desc.quality = request.quality;
    desc.time = request.time;
    if (auto got = box(request, desc.box_min, desc.box_max); !got) return got.error();
    return desc;
  }

  /// neuvol_decode_to_host(): any format, pitches and coverage.
  Result<void> decode_into(const neuvol_decode_desc &desc, void *to, std::size_t bytes, std::uint8_t *coverage = nullptr,
                           std::size_t coverage_bytes = 0) const {
    if (!*this) return empty("volume");
    return api_->status(api_->decode_to_host(handle_, &desc, to, bytes, coverage, coverage_bytes));
  }

  /// The box of a request, which is all of the level if it has no voxels.
  Result<void> box(const Request &request, std::uint32_t (&box_min)[3], std::uint32_t (&box_max)[3]) const {
    if (!*this) return empty("volume");
    const bool is_all = request.box_max == std::array<std::uint32_t, 3>{};
    VariableInfo info;
    info.grid = detail::sized<neuvol_variable_info>();
    if (is_all) {
      if (auto got = api_->status(api_->variable_get_info(handle_, request.variable, &info.grid)); !got) return got.error();
    }
    // A level beyond the last is refused by name later; shifts must stay in range here.
    const auto dims = info.dims(request.level < 32 ? request.level : 31);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      box_min[axis] = is_all ? 0 : request.box_min[axis];
      box_max[axis] = is_all ? dims[axis] : request.box_max[axis];
    }
    return {};
  }

 private:
  static neuvol_open_desc description(const OpenOptions &options) {
    auto desc = detail::sized<neuvol_open_desc>();
    desc.abi_version = NEUVOL_ABI_VERSION;
    desc.threads = options.threads;
    desc.cache_bytes = options.cache_bytes;
    return desc;
  }

  static Result<Volume> opened(const Api &api, neuvol_result result, neuvol_volume handle) {
    if (result < 0) return api.error(result);
    return Volume(api, handle);
  }

  template <class Struct>
  Result<Struct> filled(neuvol_result(NEUVOL_CALL *Api::*function)(neuvol_volume, Struct *)) const {
    if (!*this) return empty("volume");
    auto made = detail::sized<Struct>();
    if (auto got = api_->status((api_->*function)(handle_, &made)); !got) return got.error();
    return made;
  }

  template <class Function>
  Result<std::uint32_t> find(Function Api::*function, std::string_view name) const {
    if (!*this) return empty("volume");
    std::uint32_t index = 0;
    if (auto got = api_->status((api_->*function)(handle_, name.data(), name.size(), &index)); !got) return got.error();
    return index;
  }

  template <class Call>
  Result<std::string> text(Call &&call) const {
    if (!*this) return empty("volume");
    std::size_t needed = 0;
    if (auto got = api_->status(call(nullptr, 0, &needed)); !got) return got.error();
    std::string made(needed + 1, '\0');
    if (auto got = api_->status(call(made.data(), made.size(), nullptr)); !got) return got.error();
    made.pop_back();
    return made;
  }
};

/// How far a decode into a texture is.
enum class State {
  /// Blocks are still to be recorded.
  waiting,
  /// All blocks are recorded: what is recorded behind them finds them.
  ready,
  /// It was cancelled, by its ticket or with its texture, volume or context.
  cancelled,
};

/// A texture of the host that a context writes to; it is forgotten when this goes. The context must outlive it, and the host's
/// image the frames that were recorded before.
class Texture {
 public:
  Texture() = default;
  Texture(const Api &api, neuvol_context context, neuvol_texture handle) : api_(&api), context_(context), handle_(handle) {}
  Texture(Texture &&other) noexcept
      : api_(other.api_), context_(other.context_), handle_(std::exchange(other.handle_, neuvol_texture{})) {}
  Texture &operator=(Texture &&other) noexcept {
    if (this != &other) {
      close();
      api_ = other.api_;
      context_ = other.context_;
      handle_ = std::exchange(other.handle_, neuvol_texture{});
    }
    return *this;
  }
  Texture(const Texture &) = delete;
  Texture &operator=(const Texture &) = delete;
  ~Texture() { close(); }

  explicit operator bool() const { return handle_.id != 0; }
  neuvol_texture handle() const { return handle_; }

  void close() {
    if (handle_.id != 0) api_->texture_unregister(context_, std::exchange(handle_, neuvol_texture{}));
  }

 private:
  const Api *api_ = nullptr;
  neuvol_context context_{};
  neuvol_texture handle_{};
};

/// A decode that was asked for. What of it is not recorded when this goes is taken back.
class Ticket {
 public:
  Ticket() = default;
  Ticket(const Api &api, neuvol_context context, neuvol_ticket handle) : api_(&api), context_(context), handle_(handle) {}
  Ticket(Ticket &&other) noexcept
      : api_(other.api_), context_(other.context_), handle_(std::exchange(other.handle_, neuvol_ticket{})) {}
  Ticket &operator=(Ticket &&other) noexcept {
    if (this != &other) {
      cancel();
      api_ = other.api_;
      context_ = other.context_;
      handle_ = std::exchange(other.handle_, neuvol_ticket{});
    }
    return *this;
  }
  Ticket(const Ticket &) = delete;
  Ticket &operator=(const Ticket &) = delete;
  ~Ticket() { cancel(); }

  explicit operator bool() const { return handle_.id != 0; }
  neuvol_ticket handle() const { return handle_; }

  Result<State> poll() const {
    if (!*this) return nothing();
    const neuvol_result result = api_->decode_status(context_, handle_);
    if (result < 0) return api_->error(result);
    if (result == NEUVOL_CANCELLED) return State::cancelled;
    return result == NEUVOL_OK ? State::ready : State::waiting;
  }

  /// Blocks that are still to be recorded, of how many.
  Result<neuvol_progress> progress() const {
    if (!*this) return nothing();
    auto made = detail::sized<neuvol_progress>();
    if (auto got = api_->status(api_->decode_get_progress(context_, handle_, &made)); !got) return got.error();
    return made;
  }

  void cancel() {
    if (handle_.id != 0) api_->decode_cancel(context_, std::exchange(handle_, neuvol_ticket{}));
  }

  /// Lets the decode go on without this.
  neuvol_ticket detach() { return std::exchange(handle_, neuvol_ticket{}); }

 private:
  static Error nothing() { return {NEUVOL_ERROR_INVALID_HANDLE, "NEUVOL_ERROR_INVALID_HANDLE: this ticket is empty"}; }

  const Api *api_ = nullptr;
  neuvol_context context_{};
  neuvol_ticket handle_{};
};

/// A graphics device of the host, and what is decoded on it.
class Context : public detail::Owner<neuvol_context, &Api::context_destroy> {
 public:
  using Owner::Owner;

  /// A description with its size and version, the rest 0.
  static neuvol_vulkan_desc vulkan_desc() {
    auto desc = detail::sized<neuvol_vulkan_desc>();
    desc.abi_version = NEUVOL_ABI_VERSION;
    return desc;
  }

  /// Takes up to seconds: pipelines are made. The device must outlive this, and all recorded commands be finished before it goes.
  static Result<Context> create_vulkan(const Api &api, const neuvol_vulkan_desc &desc) {
    neuvol_context handle{};
    const neuvol_result result = api.context_create_vulkan(&desc, &handle);
    if (result < 0) return api.error(result);
    return Context(api, handle);
  }

  Result<void> set_budget(std::uint32_t gpu_us, std::uint32_t max_blocks = 0, std::uint64_t max_upload_bytes = 0) const {
    if (!*this) return empty("context");
    auto budget = detail::sized<neuvol_budget>();
    budget.gpu_us = gpu_us;
    budget.max_blocks = max_blocks;
    budget.max_upload_bytes = max_upload_bytes;
    return api_->status(api_->context_set_budget(handle_, &budget));
  }

  /// The render thread, one at a time. True if something was recorded.
  Result<bool> record(void *command_buffer, std::uint64_t frame, std::uint64_t safe_frame) const {
    if (!*this) return empty("context");
    const neuvol_result result = api_->context_record(handle_, command_buffer, frame, safe_frame);
    if (result < 0) return api_->error(result);
    return result == NEUVOL_OK;
  }

  Result<neuvol_context_stats> stats() const {
    if (!*this) return empty("context");
    auto made = detail::sized<neuvol_context_stats>();
    if (auto got = api_->status(api_->context_get_stats(handle_, &made)); !got) return got.error();
    return made;
  }

  /// What decodes (NEUVOL_BACKEND_*), and a text for a person: the CUDA device, or why CUDA is not used.
  struct Backend {
    neuvol_backend kind = 0;
    std::string text;
  };
  Result<Backend> backend() const {
    if (!*this) return empty("context");
    Backend made;
    std::size_t needed = 0;
    neuvol_result result = NEUVOL_OK;
    do {
      // Another text may be there by the second call.
      made.text.resize(needed + 1);
      result = api_->context_get_backend(handle_, &made.kind, made.text.data(), made.text.size(), &needed);
    } while (result == NEUVOL_ERROR_BUFFER_TOO_SMALL);
    if (result < 0) return api_->error(result);
    made.text.resize(needed);
    return made;
  }

  Result<void> device_lost() const {
    if (!*this) return empty("context");
    return api_->status(api_->context_device_lost(handle_));
  }

  /// A description with its size, the rest 0.
  static neuvol_texture_desc texture_desc() { return detail::sized<neuvol_texture_desc>(); }

  Result<Texture> register_texture(const neuvol_texture_desc &desc) const {
    if (!*this) return empty("context");
    neuvol_texture texture{};
    if (auto got = api_->status(api_->texture_register(handle_, &desc, &texture)); !got) return got.error();
    return Texture(*api_, handle_, texture);
  }

  /// How a request gets into a texture.
  struct Target {
    /// Texel x, y, z of the first voxel.
    std::array<std::uint32_t, 3> texel_min{};
    /// What voxels get that are not valid; as it is stored, for R8 and R16 textures.
    float invalid = 0;
    /// Steps per second of a player: models of the next second are brought along.
    double time_velocity = 0;
    float priority = 1;
    /// NEUVOL_SUBMIT_*.
    std::uint32_t flags = 0;
    /// With NEUVOL_SUBMIT_VALUE_RANGE.
    Range values;
  };

  /// Asks for a box of a volume in a texture, and returns at once.
  Result<Ticket> submit(const Volume &volume, const Texture &texture, const Request &request, const Target &target) const {
    if (!*this) return empty("context");
    auto desc = detail::sized<neuvol_submit_desc>();
    desc.flags = target.flags;
    desc.volume = volume.handle();
    desc.texture = texture.handle();
    desc.variable = request.variable;
    desc.level = request.level;
    desc.quality = request.quality;
    desc.precision = request.precision;
    desc.time = request.time;
    desc.time_velocity = target.time_velocity;
    if (auto got = volume.box(request, desc.box_min, desc.box_max); !got) return got.error();
    for (std::size_t axis = 0; axis < 3; ++axis) desc.texel_min[axis] = target.texel_min[axis];
    desc.priority = target.priority;
    desc.value_min = target.values.min;
    desc.value_max = target.values.max;
    desc.invalid = target.invalid;
    neuvol_ticket ticket{};
    if (auto got = api_->status(api_->decode_submit(handle_, &desc, &ticket)); !got) return got.error();
    return Ticket(*api_, handle_, ticket);
  }
};

}  // namespace neuvol

#endif  // NEUVOL_HPP
