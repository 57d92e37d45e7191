// The kernels that were compiled for the host, and running them.
#pragma once

#include "cuda.h"

#include "../emulated/launch.h"

#include <string>

constexpr size_t NO_KERNEL = SIZE_MAX;

// Loads the modules beside this library. Called once, with the lock held.
void load_kernels();

// The kernel of this name, of any module, or `NO_KERNEL`.
size_t find_kernel(const std::string& name);

struct Grid {
    size_t kernel;
    std::string name;
    emulated::Argument argument;
    uint32_t grid[3], size[3];
    uint32_t shared, order, workers, timeout;
    bool half_depth;
};

// Runs all blocks of a grid on up to two threads, in an order that the grid chooses. Without the lock.
CUresult run_grid(const Grid& grid, std::string& message);
