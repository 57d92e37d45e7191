// What tests ask of the driver itself.

#include "memory.h"
#include "state.h"

#include <cstdio>
#include <cstring>

namespace {

std::string quote(const std::string& text) {
    std::string result = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
    return result + "\"";
}

std::string list(const std::vector<std::string>& texts) {
    std::string result = "[";
    for (const std::string& text : texts) result += (result.size() > 1 ? ", " : "") + quote(text);
    return result + "]";
}

std::string table(const std::map<std::string, uint64_t>& counts) {
    std::string result = "{";
    for (const auto& [name, count] : counts) {
        result += (result.size() > 1 ? ", " : "") + quote(name) + ": " + std::to_string(count);
    }
    return result + "}";
}

// JSON; the lock is held.
std::string report() {
    check_memory();
    std::map<Kind, uint64_t> living;
    for (const void* address : state().objects) {
        const auto* object = static_cast<const Object*>(address);
        bool is_own = object->kind == Kind::Stream && static_cast<const Stream*>(object)->is_legacy;
        if (object->is_alive && !is_own) living[object->kind]++;
    }
    MemoryCounts memory = count_memory();
    const Counts& counts = state().counts;
    const std::pair<const char*, uint64_t> numbers[] = {
        {"contexts", living[Kind::Context]},
        {"streams", living[Kind::Stream]},
        {"events", living[Kind::Event]},
        {"modules", living[Kind::Module]},
        {"external_memories", living[Kind::ExternalMemory]},
        {"external_semaphores", living[Kind::ExternalSemaphore]},
        {"mapped_buffers", memory.imported},
        {"allocations", memory.device},
        {"bytes", memory.device_bytes},
        {"peak_bytes", peak_bytes()},
        {"host_allocations", memory.host},
        {"host_bytes", memory.host_bytes},
        {"registrations", memory.registered},
        {"launches", counts.launches},
        {"blocks", counts.blocks},
        {"copies", counts.copies},
        {"copied_bytes", counts.copied_bytes},
    };
    std::string result = "{\n";
    for (const auto& [name, number] : numbers) result += "  " + quote(name) + ": " + std::to_string(number) + ",\n";
    result += "  \"kernels\": " + table(counts.kernels) + ",\n";
    result += "  \"calls\": " + table(counts.calls) + ",\n";
    result += "  \"failures\": " + list(state().failures) + ",\n";
    result += "  \"rules\": " + list(state().rules) + "\n}\n";
    return result;
}

// At the end of the process: the report where the test wants it.
__attribute__((destructor)) void write_report() {
    Lock lock(state().mutex);
    if (settings().report.empty()) return;
    std::string text = report();
    FILE* file = std::fopen(settings().report.c_str(), "w");
    if (file == nullptr || std::fwrite(text.data(), 1, text.size(), file) != text.size()) {
        std::fprintf(stderr, "fake CUDA: %s: cannot be written\n", settings().report.c_str());
    }
    if (file != nullptr) std::fclose(file);
}

} // namespace

// Writes a zero-terminated report, cut to `size` bytes; the bytes that it needs.
API size_t fake_cuda_report(char* text, size_t size) {
    Lock lock(state().mutex);
    std::string made = report();
    if (text != nullptr && size > 0) {
        size_t count = std::min(size - 1, made.size());
        std::memcpy(text, made.data(), count);
        text[count] = 0;
    }
    return made.size() + 1;
}

// Changes a setting, as its environment variable without the prefix would have.
API void fake_cuda_set(const char* name, const char* value) {
    Lock lock(state().mutex);
    set(name, value);
}
