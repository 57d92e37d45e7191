// What is in the image of a module: a cubin (ELF) or PTX.
#pragma once

#include "cuda.h"
#include "settings.h"

#include <string>
#include <vector>

// A kernel, as its image describes it.
struct Entry {
    std::string name;
    // 0: not said.
    uint32_t registers = 0, most_threads = 0;
    uint32_t static_shared = 0, local = 0, argument = 0;
};

struct Image {
    bool is_ptx = false;
    // As 75 of 7.5; of PTX also that of its version, as 80.
    int architecture = 0, ptx_version = 0;
    std::vector<Entry> entries;
};

// Reads an image as a driver of this version for this device does, with its errors; `reason` says why.
CUresult read_image(const void* bytes, int driver_version, const Device& device, Image& image, std::string& reason);
