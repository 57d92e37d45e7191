#include "settings.h"

#include "../emulated/launch.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

extern char** environ;

namespace {

// Lists of these are combined to devices.
struct Lists {
    uint64_t count = 1;
    std::vector<std::string> capabilities{"8.9"}, uuids, luids, names{"Fake NVIDIA device"};
};

[[noreturn]] void refuse(const std::string& name, const std::string& value, const char* expected) {
    std::fprintf(stderr, "fake CUDA: NEUVOL_FAKE_CUDA_%s=%s: expected %s\n", name.c_str(), value.c_str(), expected);
    std::_Exit(99);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    size_t start = 0;
    while (start <= text.size() && !text.empty()) {
        size_t end = text.find(separator, start);
        if (end == std::string::npos) end = text.size();
        parts.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

uint64_t number(const std::string& name, const std::string& value) {
    char* end = nullptr;
    uint64_t result = std::strtoull(value.c_str(), &end, 0);
    if (value.empty() || *end != 0 || value[0] == '-') refuse(name, value, "a number");
    return result;
}

bool bytes(const std::string& text, unsigned char* result, size_t count) {
    std::string digits;
    for (char c : text) {
        if (c != '-') digits += c;
    }
    if (digits.size() != 2 * count) return false;
    for (size_t i = 0; i < count; i++) {
        char* end = nullptr;
        std::string pair = digits.substr(2 * i, 2);
        result[i] = static_cast<unsigned char>(std::strtoul(pair.c_str(), &end, 16));
        if (*end != 0) return false;
    }
    return true;
}

const std::string& of(const std::vector<std::string>& list, size_t i) { return i < list.size() ? list[i] : list.back(); }

std::vector<Device> combine(const Lists& lists) {
    std::vector<Device> devices(lists.count);
    for (size_t i = 0; i < devices.size(); i++) {
        Device& device = devices[i];
        device.name = of(lists.names, i);
        if (std::sscanf(of(lists.capabilities, i).c_str(), "%d.%d", &device.major, &device.minor) != 2) {
            refuse("CAPABILITY", of(lists.capabilities, i), "a list as 8.9,7.5");
        }
        std::memcpy(device.uuid.bytes, "fake CUDA device", 16);
        device.uuid.bytes[15] = static_cast<unsigned char>(i);
        if (i < lists.uuids.size() && !bytes(lists.uuids[i], device.uuid.bytes, 16)) {
            refuse("UUID", lists.uuids[i], "a list of 32 hexadecimal digits each");
        }
        if (i < lists.luids.size()) {
            device.has_luid = true;
            if (!bytes(lists.luids[i], device.luid, 8)) refuse("LUID", lists.luids[i], "a list of 16 hexadecimal digits each");
        }
    }
    return devices;
}

Lists& lists() {
    static Lists lists;
    return lists;
}

void apply(Settings& settings, const std::string& name, const std::string& value) {
    const std::map<std::string, std::function<void()>> setters = {
        {"VERSION", [&] { settings.version = static_cast<int>(number(name, value)); }},
        {"DEVICES", [&] { lists().count = number(name, value); }},
        {"CAPABILITY", [&] { lists().capabilities = split(value, ','); }},
        {"UUID", [&] { lists().uuids = split(value, ','); }},
        {"LUID", [&] { lists().luids = split(value, ','); }},
        {"NAME", [&] { lists().names = split(value, ','); }},
        {"MEMORY", [&] { settings.memory = number(name, value); }},
        {"FAIL",
         [&] {
             settings.failures.clear();
             for (const std::string& failure : split(value, ',')) {
                 std::vector<std::string> parts = split(failure, ':');
                 if (parts.size() != 3) refuse(name, value, "FUNCTION:CALL:CODE,...");
                 settings.failures.push_back({parts[0], number(name, parts[1]), static_cast<CUresult>(number(name, parts[2]))});
             }
         }},
        {"LOSE_AFTER", [&] { settings.lose_after = number(name, value); }},
        {"DELAY", [&] { settings.delay = static_cast<uint32_t>(number(name, value)); }},
        {"ORDER",
         [&] {
             if (value == "forward") settings.order = emulated::FORWARD;
             else if (value == "backward") settings.order = emulated::BACKWARD;
             else settings.order = static_cast<uint32_t>(number(name, value));
         }},
        {"WORKERS",
         [&] {
             settings.workers = static_cast<uint32_t>(number(name, value));
             if (settings.workers < 1 || settings.workers > 2) refuse(name, value, "1 or 2");
         }},
        {"TIMEOUT", [&] { settings.timeout = static_cast<uint32_t>(number(name, value)); }},
        {"SEMAPHORES",
         [&] {
             if (value != "memfd" && value != "none") refuse(name, value, "memfd or none");
             settings.has_semaphores = value == "memfd";
         }},
        {"LOG", [&] { settings.has_log = number(name, value) != 0; }},
        {"REPORT", [&] { settings.report = value; }},
    };
    auto setter = setters.find(name);
    if (setter == setters.end()) refuse(name, value, "one of the settings that tests/fake-cuda/src/lib.rs lists");
    setter->second();
    if (lists().capabilities.empty() || lists().names.empty()) refuse(name, value, "at least one");
    settings.devices = combine(lists());
}

} // namespace

Settings& settings() {
    static Settings* settings = [] {
        auto* made = new Settings;
        made->devices = combine(lists());
        const char prefix[] = "NEUVOL_FAKE_CUDA_";
        for (char** variable = environ; *variable != nullptr; variable++) {
            if (std::strncmp(*variable, prefix, sizeof prefix - 1) != 0) continue;
            std::string pair = *variable + sizeof prefix - 1;
            size_t equals = pair.find('=');
            apply(*made, pair.substr(0, equals), pair.substr(equals + 1));
        }
        return made;
    }();
    return *settings;
}

void set(const std::string& name, const std::string& value) { apply(settings(), name, value); }
