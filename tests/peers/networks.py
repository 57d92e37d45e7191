"""The networks of the format in PyTorch, written as one would with its usual operations.

Read from the files of `native/decode/examples/export_networks.rs`. All take bricks and give `[brick, z, y, x]`.
"""

import json
import math
import pathlib
import struct

import numpy
import torch
import torch.nn.functional as F
from torch import nn


class File:
    """A .safetensors file."""

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        length, = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        self.metadata = header.pop("__metadata__")
        self.arrays = {}
        for name, described in header.items():
            start, end = described["data_offsets"]
            values = numpy.frombuffer(data[8 + length + start : 8 + length + end], "<f4")
            self.arrays[name] = values.reshape(described["shape"]).copy()
        self.name = self.metadata["name"]

    def tensor(self, name):
        return torch.from_numpy(self.arrays[name])

    def layers(self):
        """Weight and bias of each layer."""
        count = sum(name.startswith("layer.") and name.endswith(".weight") for name in self.arrays)
        return [(self.tensor(f"layer.{n}.weight"), self.tensor(f"layer.{n}.bias")) for n in range(count)]

    def extent(self):
        return json.loads(self.metadata["extent"])


def entries(vertices, count):
    """The entry of each vertex in a hashed table, x fastest (SPEC, section 11.3)."""
    z, y, x = (torch.arange(n) for n in vertices)
    primes = [805459861, 2654435761]
    z, y = (at * prime & 0xFFFFFFFF for at, prime in zip([z, y], primes))
    return ((z[:, None, None] ^ y[:, None] ^ x) & count - 1).flatten()


class Grid(nn.Module):
    """A grid network: grids, interpolated, and a ReLU MLP. Bricks have tables of their own and share the MLP.

    Tables that are hashed are spread to the vertices first, by an index that is there from the start.

    `rows`: the MLP multiplies one row per voxel (nn.Linear), not the bricks' planes of features.
    """

    def __init__(self, file, bricks, rows):
        super().__init__()
        self.extent, self.rows = file.extent(), rows
        self.cells = json.loads(file.metadata["cells"])
        layers = file.layers()
        self.weights = nn.ParameterList([weight for weight, _ in layers])
        self.biases = nn.ParameterList([bias for _, bias in layers])
        self.vertices = json.loads(file.metadata["vertices"])
        # [brick, feature, entry]
        tables = [file.tensor(f"table.{level}").T for level in range(len(self.cells))]
        self.tables = nn.ParameterList([table.expand(bricks, *table.shape).contiguous() for table in tables])
        for level, (table, vertices) in enumerate(zip(tables, self.vertices)):
            hashed = table.shape[1] < math.prod(vertices)
            self.register_buffer(f"index_{level}", entries(vertices, table.shape[1]) if hashed else None)

    def inputs(self, bricks):
        """All bricks, or those of a slice."""
        return [table[bricks] for table in self.tables]

    def forward(self, tables):
        nz, ny, nx = self.extent
        features = []
        for number, (table, cell) in enumerate(zip(tables, self.cells)):
            index = getattr(self, f"index_{number}")
            table = table if index is None else table[:, :, index]
            grid = table.reshape(*table.shape[:2], *self.vertices[number])
            size = [(vertices - 1) * cell + 1 for vertices in self.vertices[number]]
            level = F.interpolate(grid, size=size, mode="trilinear", align_corners=True)
            features.append(level[:, :, :nz, :ny, :nx])
        x = torch.cat(features, 1).flatten(2)
        last = len(self.weights) - 1
        if self.rows:
            x = x.transpose(1, 2).reshape(-1, x.shape[1])
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = F.linear(x, weight, bias) if self.rows else torch.matmul(weight, x) + bias[:, None]
            if number != last:
                x = F.relu(x)
        return x.reshape(-1, nz, ny, nx)


class Head(nn.Module):
    """What the head of wavelet latents adds, from the latents on: box mean, a 3×3×3 convolution, 1×1×1 layers."""

    def __init__(self, file, bricks, channels_last=False):
        super().__init__()
        layers = file.layers()
        kernels = [layers[0][0], *(weight[:, :, None, None, None] for weight, _ in layers[1:])]
        self.weights = nn.ParameterList(kernels)
        self.biases = nn.ParameterList([bias for _, bias in layers])
        number = lambda name: float(file.metadata[name])  # noqa: E731
        self.mean, self.deviation, self.step, self.offset = map(number, ["mean", "deviation", "step", "offset"])
        latents = file.tensor("latents")
        self.latents = nn.Parameter(latents.expand(bricks, 1, *latents.shape).contiguous())
        self.channels_last = channels_last

    def inputs(self, bricks):
        return [self.latents[bricks]]

    def forward(self, inputs):
        latents, = inputs
        mean = F.avg_pool3d(F.pad(latents, [2] * 6, mode="replicate"), 5, stride=1)
        x = torch.cat([2 * (latents - mean), (self.step * mean + self.offset - self.mean) / self.deviation], 1)
        x = F.pad(x, [1] * 6, mode="replicate")
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last_3d)
        last = len(self.weights) - 1
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = F.conv3d(x, weight, bias)
            if number != last:
                x = F.leaky_relu(x, 0.1)
        return (self.step * (latents + x) + self.offset).squeeze(1)


def variants(file, bricks):
    """Name and module of each way to write a network."""
    if file.metadata["kind"] == "grid":
        return {"rows": Grid(file, bricks, True), "planes": Grid(file, bricks, False)}
    return {"planes": Head(file, bricks), "channels last": Head(file, bricks, True)}
