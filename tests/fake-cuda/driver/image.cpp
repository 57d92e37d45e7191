// Cubins are ELF files for machine 190. Those of CUDA 12 for architectures up to 9.0 have the ABI 0x33, version 7, and in their
// flags the architecture in the lowest byte; newer ones (of CUDA 13, or for 10.0 and later) have the ABI 0x41, version 8, with
// the architecture in the second byte. What kernels need is in the sections `.nv.info.NAME` (records of a format, a tag, and
// two bytes or a size and as many bytes) and `.nv.shared.NAME`.

#include "image.h"

#include <cstdio>
#include <cstring>
#include <elf.h>
#include <map>

namespace {

template <typename T> void read(const unsigned char* bytes, uint64_t offset, T& value) {
    std::memcpy(&value, bytes + offset, sizeof value);
}

struct Section {
    Elf64_Shdr header;
    std::string name;
};

constexpr unsigned char HAS_TWO_BYTES = 3, HAS_SIZE = 4;
constexpr unsigned char MAX_THREADS = 0x05, ARGUMENT_SIZE = 0x19, FRAME_SIZE = 0x11, REGISTERS = 0x2f;

// Calls `use(tag, payload, size)` for the records of a section.
template <typename Use> void read_info(const unsigned char* bytes, const Elf64_Shdr& header, Use use) {
    uint64_t at = header.sh_offset, end = header.sh_offset + header.sh_size;
    while (at + 4 <= end) {
        unsigned char format = bytes[at], tag = bytes[at + 1];
        uint16_t size;
        read(bytes, at + 2, size);
        if (format == HAS_SIZE) {
            if (at + 4 + size > end) return;
            use(tag, bytes + at + 4, size);
            at += 4 + size;
        } else {
            if (format == HAS_TWO_BYTES) use(tag, bytes + at + 2, 2);
            at += 4;
        }
    }
}

uint32_t word(const unsigned char* bytes) {
    uint32_t value;
    std::memcpy(&value, bytes, 4);
    return value;
}

std::vector<Section> read_sections(const unsigned char* bytes, const Elf64_Ehdr& header) {
    std::vector<Section> sections(header.e_shnum);
    for (size_t i = 0; i < sections.size(); i++) read(bytes, header.e_shoff + i * header.e_shentsize, sections[i].header);
    const Elf64_Shdr& names = sections[header.e_shstrndx].header;
    for (Section& section : sections) {
        section.name = reinterpret_cast<const char*>(bytes + names.sh_offset + section.header.sh_name);
    }
    return sections;
}

// The symbol with this number.
std::string symbol(const unsigned char* bytes, const std::vector<Section>& sections, uint32_t number) {
    for (const Section& section : sections) {
        if (section.header.sh_type != SHT_SYMTAB || section.name != ".symtab") continue;
        if (number >= section.header.sh_size / sizeof(Elf64_Sym)) return "";
        Elf64_Sym symbol;
        read(bytes, section.header.sh_offset + number * sizeof symbol, symbol);
        return reinterpret_cast<const char*>(bytes + sections[section.header.sh_link].header.sh_offset + symbol.st_name);
    }
    return "";
}

bool starts(const std::string& text, const char* prefix) { return text.compare(0, std::strlen(prefix), prefix) == 0; }

void read_entries(const unsigned char* bytes, const std::vector<Section>& sections, Image& image) {
    const std::string text = ".text.", info = ".nv.info.", shared = ".nv.shared.";
    std::map<std::string, Entry> entries;
    for (const Section& section : sections) {
        if (!starts(section.name, text.c_str())) continue;
        Entry& entry = entries[section.name.substr(text.size())];
        entry.name = section.name.substr(text.size());
    }
    for (const Section& section : sections) {
        if (section.name == ".nv.info") {
            read_info(bytes, section.header, [&](unsigned char tag, const unsigned char* payload, uint16_t size) {
                if (size < 8 || (tag != REGISTERS && tag != FRAME_SIZE)) return;
                auto entry = entries.find(symbol(bytes, sections, word(payload)));
                if (entry == entries.end()) return;
                (tag == REGISTERS ? entry->second.registers : entry->second.local) = word(payload + 4);
            });
        } else if (starts(section.name, info.c_str())) {
            auto entry = entries.find(section.name.substr(info.size()));
            if (entry == entries.end()) continue;
            read_info(bytes, section.header, [&](unsigned char tag, const unsigned char* payload, uint16_t size) {
                if (tag == MAX_THREADS && size >= 12) {
                    entry->second.most_threads = word(payload) * word(payload + 4) * word(payload + 8);
                } else if (tag == ARGUMENT_SIZE) {
                    entry->second.argument = payload[0] | payload[1] << 8;
                }
            });
        } else if (starts(section.name, shared.c_str())) {
            auto entry = entries.find(section.name.substr(shared.size()));
            if (entry != entries.end()) entry->second.static_shared = static_cast<uint32_t>(section.header.sh_size);
        }
    }
    for (auto& entry : entries) image.entries.push_back(entry.second);
}

CUresult read_cubin(const unsigned char* bytes, int driver_version, const Device& device, Image& image, std::string& reason) {
    Elf64_Ehdr header;
    read(bytes, 0, header);
    char text[200];
    if (header.e_machine != 190) {
        reason = "the ELF file is not for machine 190 (CUDA)";
        return CUDA_ERROR_INVALID_IMAGE;
    }
    unsigned char abi = header.e_ident[EI_OSABI];
    if (abi != 0x33 && abi != 0x41) {
        std::snprintf(text, sizeof text, "unknown ABI 0x%x of a cubin", abi);
        reason = text;
        return CUDA_ERROR_INVALID_IMAGE;
    }
    // Drivers before CUDA 12.8 do not know the second ABI.
    if (abi == 0x41 && driver_version < 12080) {
        std::snprintf(text, sizeof text, "a cubin of ABI 0x41 needs a driver of CUDA 12.8, this is %d", driver_version);
        reason = text;
        return CUDA_ERROR_INVALID_IMAGE;
    }
    image.architecture = abi == 0x33 ? header.e_flags & 255 : header.e_flags >> 8 & 255;
    int major = image.architecture / 10, minor = image.architecture % 10;
    if (major != device.major || minor > device.minor) {
        std::snprintf(text, sizeof text, "a cubin for %d.%d on a device of %d.%d", major, minor, device.major, device.minor);
        reason = text;
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    read_entries(bytes, read_sections(bytes, header), image);
    return CUDA_SUCCESS;
}

// The CUDA version that knows a version of PTX, as 12000.
int needed_version(int major, int minor) {
    switch (major) {
    case 6:
        return minor == 5 ? 10020 : minor == 4 ? 10010 : minor == 3 ? 10000 : 9000 + minor * 10;
    case 7:
        return 11000 + minor * 10;
    case 8: {
        // 8.5 is of 12.5 and 12.6.
        static const int versions[] = {12000, 12010, 12020, 12030, 12040, 12050, 12070, 12080, 12090};
        return minor < 9 ? versions[minor] : 13000;
    }
    default:
        return (major + 4) * 1000 + minor * 10;
    }
}

// Numbers behind a directive, as of `.maxntid 256, 1, 1`.
std::vector<uint32_t> numbers(const std::string& text, size_t at) {
    std::vector<uint32_t> result;
    while (at < text.size() && (std::strchr(" ,\t", text[at]) != nullptr || (text[at] >= '0' && text[at] <= '9'))) {
        if (text[at] >= '0' && text[at] <= '9') {
            char* end;
            result.push_back(static_cast<uint32_t>(std::strtoul(text.c_str() + at, &end, 10)));
            at = static_cast<size_t>(end - text.c_str());
        } else {
            at++;
        }
    }
    return result;
}

void read_ptx_entries(const std::string& text, Image& image) {
    const std::string directive = ".entry ";
    for (size_t at = text.find(directive); at != std::string::npos; at = text.find(directive, at + 1)) {
        size_t start = text.find_first_not_of(" \t\n", at + directive.size());
        size_t end = text.find_first_of(" \t\n(", start);
        size_t body = text.find('{', end);
        size_t close = text.find("\n}", body);
        if (body == std::string::npos) return;
        if (close == std::string::npos) close = text.size();
        Entry entry;
        entry.name = text.substr(start, end - start);
        std::string head = text.substr(end, body - end);
        for (size_t p = head.find(".param"); p != std::string::npos; p = head.find(".param", p + 1)) {
            size_t bracket = head.find('[', p), stop = head.find_first_of(",)", p);
            if (bracket < stop) entry.argument += static_cast<uint32_t>(std::strtoul(head.c_str() + bracket + 1, nullptr, 10));
            else entry.argument += 8;
        }
        size_t bound = head.find(".maxntid");
        if (bound != std::string::npos) {
            entry.most_threads = 1;
            for (uint32_t n : numbers(head, bound + 8)) entry.most_threads *= n;
        }
        std::string inside = text.substr(body, close - body);
        for (size_t p = inside.find(".shared"); p != std::string::npos; p = inside.find(".shared", p + 1)) {
            size_t line = inside.find(';', p), bracket = inside.find('[', p);
            if (inside.compare(p, 9, ".shared .") != 0 || bracket > line) continue;
            entry.static_shared += static_cast<uint32_t>(std::strtoul(inside.c_str() + bracket + 1, nullptr, 10));
        }
        image.entries.push_back(entry);
    }
}

CUresult read_ptx(const char* bytes, int driver_version, const Device& device, Image& image, std::string& reason) {
    std::string text = bytes;
    char message[200];
    size_t version = text.find(".version "), target = text.find(".target sm_");
    int major = 0, minor = 0, architecture = 0;
    if (version == std::string::npos || target == std::string::npos ||
        std::sscanf(text.c_str() + version, ".version %d.%d", &major, &minor) != 2 ||
        std::sscanf(text.c_str() + target, ".target sm_%d", &architecture) != 1) {
        reason = "neither a cubin nor PTX";
        return CUDA_ERROR_INVALID_IMAGE;
    }
    image.is_ptx = true;
    image.ptx_version = major * 10 + minor;
    image.architecture = architecture;
    if (needed_version(major, minor) > driver_version) {
        std::snprintf(message, sizeof message, "PTX %d.%d needs a driver of CUDA %d, this is %d", major, minor,
                      needed_version(major, minor), driver_version);
        reason = message;
        return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
    }
    if (architecture > device.major * 10 + device.minor) {
        std::snprintf(message, sizeof message, "PTX for %d on a device of %d.%d", architecture, device.major, device.minor);
        reason = message;
        return CUDA_ERROR_INVALID_PTX;
    }
    read_ptx_entries(text, image);
    return CUDA_SUCCESS;
}

} // namespace

CUresult read_image(const void* bytes, int driver_version, const Device& device, Image& image, std::string& reason) {
    const auto* start = static_cast<const unsigned char*>(bytes);
    if (std::memcmp(start, ELFMAG, SELFMAG) == 0) return read_cubin(start, driver_version, device, image, reason);
    return read_ptx(static_cast<const char*>(bytes), driver_version, device, image, reason);
}
