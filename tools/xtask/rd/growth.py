"""How the time of `neuvol compress` grows with the volume, and which stages take it: growth.md.

    growth.py --tool PROGRAM --inputs DIR --out DIR --sets a --presets fast,default [--targets 40] [--machine JSON]

Compresses central crops of 1/8, 1/4, 1/2 and the whole of the horizontal area of each set, all levels and steps, at
40 dB (or the first of the targets, if 40 is not one of them).
"""

import argparse
import json
import math
import pathlib
import sys

import goals
from goals import Goal
from neuvol_tool import ToolFailed, compress, version
from words import measured_on, size, table

# How often the area is halved.
HALVINGS = [3, 2, 1, 0]
STAGES = ["scan", "models", "transform", "training", "coding", "blocks", "check", "write"]
# These are parts of another one.
PARTS = {"transform", "training", "coding"}
BYTES_OF_A_FLOAT = 4
HEADS = "area,grid,Mvoxel,bytes,PSNR dB,seconds,CPU s,µs/voxel,MB/s per core,memory".split(",")
HEADS += [f"of it {stage} s" if stage in PARTS else f"{stage} s" for stage in STAGES]


def crop(shape, halvings):
    """The central part of the last two axes (y, x) with 1 / 2^halvings of the area: x is halved first, then y, ..."""
    extents = [shape[-2] >> (halvings // 2), shape[-1] >> ((halvings + 1) // 2)]
    firsts = [(whole - part) // 2 for whole, part in zip(shape[-2:], extents)]
    return tuple(slice(first, first + part) for first, part in zip(firsts, extents))


def per_voxel(shape, done):
    """CPU time in µs."""
    return 1e6 * done["cpu_seconds"] / math.prod(shape)


def cells(halvings, shape, done):
    """A line of the table. What the tool does not tell is "-"."""
    voxels, cpu, stages = math.prod(shape), done["cpu_seconds"], done.get("stages") or {}
    memory = done.get("peak_memory")
    return [
        "1" if halvings == 0 else f"1/{2**halvings}",
        " × ".join(map(str, shape)),
        f"{voxels / 1e6:.2f}",
        size(done["bytes"]),
        f"{done['variables'][0]['psnr']:.2f}",
        f"{done['seconds']:.1f}",
        f"{cpu:.1f}",
        f"{per_voxel(shape, done):.2f}",
        f"{BYTES_OF_A_FLOAT * voxels / 1e6 / max(cpu, 1e-6):.2f}",
        size(memory) if memory else "-",
        *(f"{stages[stage]:.1f}" if stage in stages else "-" for stage in STAGES),
    ]


def growth(lines):
    """The ratio of µs/voxel between the largest and the smallest volume, in words."""
    if len(lines) < 2:
        return ""
    voxels = [math.prod(shape) for _, shape, _ in lines]
    (_, small, of_small), (_, large, of_large) = (lines[voxels.index(which)] for which in (min(voxels), max(voxels)))
    ratio = per_voxel(large, of_large) / max(per_voxel(small, of_small), 1e-9)
    times = f"with {math.prod(large) / math.prod(small):.1f} times the voxels"
    return f"µs/voxel of the largest / of the smallest: {ratio:.2f}, {times} (1: time is linear).\n"


def written(goal, tool, machine, measured):
    """The text of growth.md. `measured`: {(set, preset): [(halvings, shape, done event)]}."""
    text = (
        f"# Time over volume\n\nWritten by `cargo xtask rd --growth`, tool {tool}, {goal.text()}: central crops of "
        "the horizontal area, with all levels and steps.\n\nSeconds are elapsed, and so are those of the stages; the "
        "CPU seconds are of all threads, and µs/voxel and MB/s (of 32-bit floats) of CPU time, masked voxels counted. "
        "Memory is the peak. Figures of single runs. Bytes of crops cannot be compared with each other: each has its "
        "own range and content.\n"
    )
    text += f"\n{measured_on(machine)}.\n" if machine else ""
    for (name, preset), lines in measured.items():
        text += f"\n## {name}, preset {preset}\n\n" + table(HEADS, [cells(*line) for line in lines])
        text += f"\n{growth(lines)}" if growth(lines) else ""
    return text


def write_crop(source, shape, halvings, out):
    """Writes the crop step by step (or level by level) and returns its path and shape."""
    import numpy as np

    values = np.memmap(source, dtype="<f4", mode="r", shape=tuple(shape))
    rows, columns = crop(shape, halvings)
    extents = [*shape[:-2], rows.stop - rows.start, columns.stop - columns.start]
    path = out / f"growth_{'x'.join(map(str, extents[::-1]))}_float32.raw"
    with open(path, "wb") as file:
        for part in values:
            part[..., rows, columns].tofile(file)
    return path, extents


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("tool", "inputs", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--sets", required=True)
    goals.add_options(parser)
    parser.add_argument("--machine", type=json.loads)
    options = parser.parse_args()
    entries = json.loads((options.inputs / "sets.json").read_text())
    tool, plans, measured, failures = version(options.tool), goals.plans(options), {}, []
    goal, model = Goal("psnr", plans[0].headline()), options.out / "growth.neuvol"
    for name in options.sets.split(","):
        source, whole = options.inputs / entries[name]["file"], entries[name]["shape"]
        for halvings in HALVINGS:
            path, shape = write_crop(source, whole, halvings, options.out)
            for plan in plans:
                print(f"{name}, {' × '.join(map(str, shape))}, {plan.preset}", file=sys.stderr)
                try:
                    done = compress(options.tool, path, model, plan.preset, goal)
                    measured.setdefault((name, plan.preset), []).append((halvings, shape, done))
                except ToolFailed as error:
                    failures.append(f"{name}, {plan.preset}, 1/{2**halvings}: {error}")
                # After each, so that an end before the last leaves what was measured.
                text = written(goal, tool, options.machine, measured)
                (options.out / "growth.md").write_text(text)
            path.unlink()
            model.unlink(missing_ok=True)
    print(text)
    if failures:
        sys.exit("growth.py: failed:\n" + "\n".join(failures))


if __name__ == "__main__":
    main()
