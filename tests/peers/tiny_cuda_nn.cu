// Times tiny-cuda-nn on networks of the shape of ours and prints rows as measure.py does.
//
//     tiny_cuda_nn --networks DIR [--bricks 225] [--repeat 50]
//
// DIR holds what `export_networks` writes; of each grid network the widths and weights are taken (not the biases, which
// tiny-cuda-nn does not have). The grid has as many vertices per level as ours, 5 on the first and 33 on the fourth, which is
// hashed into 2^14 entries, and random values. All bricks share one model. Every voxel of 64³ bricks is a point of one batch; the order is that of a texture. What
// is timed is the grid's kernel and the fused MLP's, without compilation at run time ("JIT fusion").
//
// 4096 outputs are compared with a plain evaluation of the same definition on the host; a row says `failed` if they differ.

#include <tiny-cuda-nn/common_host.h>
#include <tiny-cuda-nn/encodings/grid.h>
#include <tiny-cuda-nn/networks/fully_fused_mlp.h>

#include <json/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using json = nlohmann::json;
using tcnn::GPUMatrixDynamic;
using tcnn::GPUMemory;
using half = __half;

namespace {

constexpr uint32_t SIDE = 64, LEVELS = 4, FEATURES = 4, BASE = 5, FINEST = 33, LOG2_TABLE = 14, PADDED_OUTPUT = 16, COMPARED = 4096;
// Of the largest absolute output; 16-bit floats, accumulated in 16 bits.
constexpr double TOLERANCE = 2e-2;

struct Layer {
    uint32_t outputs, inputs;
    std::vector<float> weights;
};

/// The weights of a .safetensors file; empty if it is no grid network.
std::vector<Layer> layers_of(const std::filesystem::path& path, std::string& name) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    uint64_t length = 0;
    if (bytes.size() < 8) throw std::runtime_error(path.string() + " is cut short");
    std::memcpy(&length, bytes.data(), 8);
    if (length > bytes.size() - 8) throw std::runtime_error(path.string() + " is cut short");
    const json header = json::parse(bytes.substr(8, length));
    std::vector<Layer> layers;
    name = header["__metadata__"]["name"];
    if (header["__metadata__"]["kind"] != "grid") return layers;
    for (int n = 0; header.contains("layer." + std::to_string(n) + ".weight"); ++n) {
        const json& tensor = header["layer." + std::to_string(n) + ".weight"];
        Layer layer{tensor["shape"][0], tensor["shape"][1], {}};
        layer.weights.resize(size_t(layer.outputs) * layer.inputs);
        const size_t start = 8 + length + size_t(tensor["data_offsets"][0]), size = 4 * layer.weights.size();
        if (start + size > bytes.size()) throw std::runtime_error(path.string() + " is cut short");
        std::memcpy(layer.weights.data(), bytes.data() + start, size);
        layers.push_back(std::move(layer));
    }
    return layers;
}

/// Random numbers in -1..1, the same everywhere (xorshift64).
struct Random {
    uint64_t state = 0x9E3779B97F4A7C15;
    float next() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return float(state >> 40) / float(1 << 23) - 1.0f;
    }
};

/// What the device holds, as the host sees it: rounded to 16 bits.
struct Model {
    std::vector<half> grid;
    std::vector<half> mlp;
    std::vector<Layer> layers;
};

float per_level_scale() { return std::cbrt(float(FINEST) / float(BASE)); }

/// One point on the host, in 32-bit floats: tiny-cuda-nn's `kernel_grid`, then the MLP.
double evaluate(const Model& model, const float (&position)[3]) {
    std::vector<double> values;
    size_t first = 0;
    for (uint32_t level = 0; level < LEVELS; ++level) {
        const float scale = tcnn::grid_scale(level, std::log2(per_level_scale()), BASE);
        const uint32_t resolution = tcnn::grid_resolution(scale);
        const uint32_t vertices = resolution * resolution * resolution;
        const uint32_t entries = std::min(tcnn::next_multiple(vertices, 8u), 1u << LOG2_TABLE);
        uint32_t corner[3];
        double weight[3];
        for (int axis = 0; axis < 3; ++axis) {
            const float at = std::fma(scale, position[axis], 0.5f);
            corner[axis] = uint32_t(std::floor(at));
            weight[axis] = at - std::floor(at);
        }
        for (uint32_t feature = 0; feature < FEATURES; ++feature) {
            double sum = 0;
            for (uint32_t n = 0; n < 8; ++n) {
                double product = 1;
                // The primes of `CoherentPrime`.
                const uint32_t primes[3] = {1, 2654435761u, 805459861u};
                uint32_t index = 0, hash = 0, stride = 1;
                for (int axis = 0; axis < 3; ++axis) {
                    const uint32_t upper = n >> axis & 1;
                    product *= upper ? weight[axis] : 1 - weight[axis];
                    index += (corner[axis] + upper) * stride;
                    hash ^= (corner[axis] + upper) * primes[axis];
                    stride *= resolution;
                }
                if (entries < vertices) index = hash;
                sum += product * double(__half2float(model.grid[(first + index % entries) * FEATURES + feature]));
            }
            values.push_back(sum);
        }
        first += entries;
    }
    size_t at = 0;
    for (size_t number = 0; number < model.layers.size(); ++number) {
        const Layer& layer = model.layers[number];
        std::vector<double> next(layer.outputs);
        for (uint32_t row = 0; row < layer.outputs; ++row) {
            for (uint32_t column = 0; column < layer.inputs; ++column) {
                next[row] += double(__half2float(model.mlp[at + size_t(row) * layer.inputs + column])) * values[column];
            }
            if (number + 1 < model.layers.size()) next[row] = std::max(next[row], 0.0);
        }
        at += size_t(layer.outputs) * layer.inputs;
        values = std::move(next);
    }
    return values[0];
}

__global__ void fill_positions(uint32_t voxels, float* out) {
    const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
    if (n >= voxels) return;
    out[3 * n] = float(n % SIDE) / SIDE;
    out[3 * n + 1] = float(n / SIDE % SIDE) / SIDE;
    out[3 * n + 2] = float(n / SIDE / SIDE % SIDE) / SIDE;
}

template <uint32_t WIDTH> json measure(const std::vector<Layer>& layers, uint32_t bricks, int repeat) {
    const uint32_t voxels = bricks * SIDE * SIDE * SIDE, inputs = LEVELS * FEATURES;
    tcnn::GridEncodingTemplated<half, 3, FEATURES> grid(
        inputs, LOG2_TABLE, BASE, per_level_scale(), false, tcnn::InterpolationType::Linear, tcnn::GridType::Hash, false);
    grid.set_padded_output_width(inputs);
    tcnn::FullyFusedMLP<half, WIDTH> mlp(
        inputs, 1, uint32_t(layers.size()) - 1, tcnn::Activation::ReLU, tcnn::Activation::None);

    Model model;
    model.layers = layers;
    Random random;
    for (size_t n = 0; n < grid.n_params(); ++n) model.grid.push_back(__float2half(random.next()));
    for (const Layer& layer : layers) {
        for (float weight : layer.weights) model.mlp.push_back(__float2half(weight));
    }
    // The rows of the last layer that there are only because tensor cores want 16.
    std::vector<half> padded = model.mlp;
    padded.resize(mlp.n_params(), __float2half(0.0f));
    GPUMemory<half> grid_params(grid.n_params()), mlp_params(mlp.n_params());
    grid_params.copy_from_host(model.grid);
    mlp_params.copy_from_host(padded);
    grid.set_params(grid_params.data(), grid_params.data(), nullptr);
    mlp.set_params(mlp_params.data(), mlp_params.data(), nullptr);

    cudaStream_t stream;
    CUDA_CHECK_THROW(cudaStreamCreate(&stream));
    GPUMatrixDynamic<float> positions(3, voxels, tcnn::CM);
    GPUMatrixDynamic<half> encoded(inputs, voxels, grid.preferred_output_layout());
    GPUMatrixDynamic<half> output(PADDED_OUTPUT, voxels, tcnn::CM);
    fill_positions<<<(voxels + 255) / 256, 256, 0, stream>>>(voxels, positions.data());
    auto work = [&] {
        grid.inference_mixed_precision(stream, positions, encoded);
        mlp.inference_mixed_precision(stream, encoded, output);
    };

    int device = 0, cache = 0;
    CUDA_CHECK_THROW(cudaGetDevice(&device));
    CUDA_CHECK_THROW(cudaDeviceGetAttribute(&cache, cudaDevAttrL2CacheSize, device));
    GPUMemory<uint8_t> flush(2 * size_t(std::max(cache, 32 << 20)));
    cudaEvent_t start, end;
    CUDA_CHECK_THROW(cudaEventCreate(&start));
    CUDA_CHECK_THROW(cudaEventCreate(&end));
    std::vector<float> times;
    for (int n = 0; n < repeat + 5; ++n) {
        CUDA_CHECK_THROW(cudaMemsetAsync(flush.data(), n, flush.size(), stream));
        CUDA_CHECK_THROW(cudaEventRecord(start, stream));
        work();
        CUDA_CHECK_THROW(cudaEventRecord(end, stream));
        CUDA_CHECK_THROW(cudaEventSynchronize(end));
        float milliseconds = 0;
        CUDA_CHECK_THROW(cudaEventElapsedTime(&milliseconds, start, end));
        if (n >= 5) times.push_back(milliseconds);
    }
    std::sort(times.begin(), times.end());
    const double ms = times[times.size() / 2];

    // Voxels of the first brick and of the last one.
    double error = 0, largest = 0;
    std::vector<half> found(PADDED_OUTPUT);
    for (uint32_t n = 0; n < COMPARED; ++n) {
        const uint32_t in_brick = uint32_t(uint64_t(n) * 2654435761u % (SIDE * SIDE * SIDE));
        const uint32_t voxel = (n % 2 ? voxels - SIDE * SIDE * SIDE : 0) + in_brick;
        CUDA_CHECK_THROW(cudaMemcpy(found.data(), output.data() + size_t(voxel) * PADDED_OUTPUT, 2 * PADDED_OUTPUT, cudaMemcpyDeviceToHost));
        const float position[3] = {float(in_brick % SIDE) / SIDE, float(in_brick / SIDE % SIDE) / SIDE, float(in_brick / SIDE / SIDE) / SIDE};
        const double right = evaluate(model, position);
        error = std::max(error, std::abs(right - double(__half2float(found[0]))));
        largest = std::max(largest, std::abs(right));
    }
    json row = {
        {"way", "its own grid and definition, no biases, no JIT fusion, one batch"}, {"median_us", 1e3 * ms},
        {"gvoxels_per_s", voxels / ms / 1e6}, {"error", error / largest},
    };
    if (!(error <= TOLERANCE * largest)) row["failed"] = "its values differ from its own definition";
    return row;
}

json measure(const std::vector<Layer>& layers, uint32_t bricks, int repeat) {
    if (layers.size() < 2 || layers.front().inputs != LEVELS * FEATURES || layers.back().outputs != 1) {
        return {{"not_run", "only networks of 16 inputs and 1 output are measured"}};
    }
    switch (layers.front().outputs) {
        case 16: return measure<16>(layers, bricks, repeat);
        case 32: return measure<32>(layers, bricks, repeat);
        case 64: return measure<64>(layers, bricks, repeat);
        default: return {{"not_run", "it has no such width"}};
    }
}

} // namespace

int main(int count, char** arguments) {
    try {
        std::filesystem::path folder;
        uint32_t bricks = 225;
        int repeat = 50;
        for (int n = 1; n + 1 < count; n += 2) {
            const std::string name = arguments[n], value = arguments[n + 1];
            if (name == "--networks") folder = value;
            else if (name == "--bricks") bricks = uint32_t(std::stoul(value));
            else if (name == "--repeat") repeat = std::stoi(value);
            else throw std::runtime_error("unknown option " + name);
        }
        if (folder.empty() || bricks == 0 || repeat < 1) {
            throw std::runtime_error("usage: tiny_cuda_nn --networks DIR [--bricks N] [--repeat N]");
        }
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
        json rows = json::array();
        for (const auto& file : files) {
            std::string name;
            const std::vector<Layer> layers = layers_of(file, name);
            if (layers.empty()) continue;
            json row = measure(layers, bricks, repeat);
            row.update({{"peer", "tiny-cuda-nn"}, {"model", name}, {"variant", "float16"}, {"bricks", bricks}});
            rows.push_back(row);
        }
        std::printf("%s\n", rows.dump().c_str());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tiny_cuda_nn: %s\n", error.what());
        return 1;
    }
}
