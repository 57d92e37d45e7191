"""Whether the faces between blocks show in decoded volumes: seams.md, and a picture for every set with several blocks.

    seams.py --tool PROGRAM --inputs DIR --out DIR --sets a,b --presets default [--targets 40] [--block Z,Y,X]
             [--machine JSON]

Compresses at 40 dB (or the first of the targets, if 40 is not one of them) with the first preset. A file that
`cargo xtask rd --keep` left for the same tool and goal is used instead. Only faces in space are looked at, not the ends
of groups of time steps.
"""

import argparse
import io
import json
import math
import pathlib
import sys

import numpy as np

import goals
from goals import Goal
from neuvol_tool import ToolFailed, compress, decode, info, version
from runs import kept_model, measure
from words import measured_on, percent, table

# Distances from the nearest face, in voxels between; None: and all beyond.
BINS = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 7), (8, None)]
AXES = "zyx"
CURVE = 32
COLOURS = 111


# ---------------------------------------------------------------- the figures


def faces(shape, block):
    """For each axis the faces between blocks, each as the index just beyond it."""
    return [list(range(side, extent, side)) for extent, side in zip(shape, block)]


def distance(extent, at):
    """For every index along an axis the voxels between it and the nearest face: 0 touches one."""
    index = np.arange(extent)
    away = [np.where(index < face, face - 1 - index, index - face) for face in at]
    return np.min(away, axis=0) if away else np.full(extent, np.iinfo(np.int64).max)


def distances(shape, block):
    """The distance from the nearest face of any axis, for every voxel."""
    z, y, x = (distance(extent, at) for extent, at in zip(shape, faces(shape, block)))
    return np.minimum(np.minimum(z[:, None, None], y[:, None]), x)


class Jumps:
    """Sums over pairs of neighbours along one axis: the jumps |original| and |decoded|, the square of the error's jump,
    and how many pairs; across faces and inside blocks."""

    def __init__(self):
        self.across, self.inside = np.zeros(4), np.zeros(4)

    def add(self, original, decoded, valid, axis, at):
        """Returns the squared jumps of the error across the faces, 0 where masked."""
        steps = [np.diff(values, axis=axis) for values in (original, decoded)]
        pairs = np.logical_and(*(np.delete(valid, end, axis=axis) for end in (0, -1)))
        before = [face - 1 for face in at]
        crossing = [np.take(values, before, axis=axis) for values in (*steps, pairs)]
        self.across += sums(*crossing)
        self.inside += sums(*steps, pairs) - sums(*crossing)
        return (crossing[1] - crossing[0]) ** 2 * crossing[2]


def sums(original, decoded, pairs):
    original, decoded = original[pairs], decoded[pairs]
    return np.array([np.abs(original).sum(), np.abs(decoded).sum(), ((decoded - original) ** 2).sum(), pairs.sum()])


class Seams:
    """The figures of one set, from steps that are added one after the other."""

    def __init__(self, shape, block):
        self.shape, self.faces = shape, faces(shape, block)
        self.distance = distances(shape, block)
        self.squares = np.zeros(int(self.distance.max()) + 1)
        self.counts = np.zeros_like(self.squares)
        self.jumps = [Jumps() for _ in shape]
        self.low, self.high = math.inf, -math.inf
        # Sum of the squared jumps of the error across the faces; step; axis across the slice; index along that.
        self.worst = (-1.0, 0, 0, 0)

    def add(self, step, original, decoded):
        valid = measure.is_valid(original) & measure.is_valid(decoded)
        if not valid.any():
            return
        original, decoded = (np.where(valid, values, 0).astype(np.float64) for values in (original, decoded))
        inside = original[valid]
        self.low, self.high = min(self.low, inside.min()), max(self.high, inside.max())
        away, error = self.distance[valid], decoded[valid] - inside
        self.squares += np.bincount(away, error * error, minlength=self.squares.size)
        self.counts += np.bincount(away, minlength=self.counts.size)
        slices = [np.zeros(extent) for extent in self.shape]
        for axis, (jumps, at) in enumerate(zip(self.jumps, self.faces)):
            if not at:
                continue
            squares = jumps.add(original, decoded, valid, axis, at)
            for across in {0, 1, 2} - {axis}:
                slices[across] += squares.sum(axis=tuple({0, 1, 2} - {across}))
        for across, sums_along in enumerate(slices):
            at = int(sums_along.argmax())
            self.worst = max(self.worst, (float(sums_along[at]), step, across, at))

    def range(self):
        return self.high - self.low

    def psnr(self):
        squares = self.squares.sum() / self.counts.sum()
        return 20 * math.log10(self.range()) - 10 * math.log10(squares) if squares else math.inf

    def rmse(self, first, last):
        """Of the voxels whose distance is between both (inclusive; None: no upper end), as a share of the range."""
        part = slice(first, None if last is None else last + 1)
        count = self.counts[part].sum()
        return math.sqrt(self.squares[part].sum() / count) / self.range() if count else math.nan

    def jump(self, which):
        """(across, inside) of the mean jump, as shares of the range: of the original, 0, or the decoded volume, 1. 2:
        the root mean square of the error's jump. Inside: the axes weighted as they count across."""
        weight = sum(jumps.across[3] for jumps in self.jumps)
        if not weight:
            return math.nan, math.nan
        across = sum(jumps.across[which] for jumps in self.jumps) / weight
        crossed = [jumps for jumps in self.jumps if jumps.across[3]]
        inside = sum(jumps.across[3] * jumps.inside[which] / max(jumps.inside[3], 1) for jumps in crossed) / weight
        if which == 2:
            across, inside = math.sqrt(across), math.sqrt(inside)
        return across / self.range(), inside / self.range()


# ---------------------------------------------------------------- the report


def ratio(a, b):
    return f"{a / b:.2f}" if b and math.isfinite(a / b) else "-"


def share(value):
    return percent(value, 3) if math.isfinite(value) else "-"


def distance_cells(seams):
    figures = [seams.rmse(first, last) for first, last in BINS]
    return [f"{seams.psnr():.2f}", *map(share, figures), ratio(figures[0], figures[-1])]


def jump_cells(seams):
    cells = []
    for which in range(3):
        across, inside = seams.jump(which)
        cells += [share(across), share(inside), ratio(across, inside)]
    return cells


def name_of_bin(first, last):
    return f"{first}" if first == last else f"{first}+" if last is None else f"{first}-{last}"


def written(preset, goal, tool, machine, found, single):
    """The text of seams.md. `found`: {set: (grid, block, seams)}; `single`: words about sets with one block."""
    grids = [[name, *(" × ".join(map(str, sides)) for sides in about[:2])] for name, about in found.items()]
    all_seams = {name: seams for name, (_, _, seams) in found.items()}
    bins = [name_of_bin(*ends) for ends in BINS]
    heads = [f"{what} {where}" for what in ("original", "decoded", "error") for where in ("across", "inside", "ratio")]
    paragraphs = [
        "# Faces between blocks",
        f"Written by `cargo xtask rd --seams`, tool {tool}, preset {preset}, {goal.text()}. Shares are of the range.",
        f"{measured_on(machine)}." if machine else "",
    ]
    tables = [
        "## Root mean square error by distance",
        "Distance: the voxels between a voxel and the nearest face between two blocks; 0 touches one. A seam makes the "
        "last column larger than 1; so does a field that happens to be livelier near the faces.",
        table(
            ["data", "grid (z, y, x)", "block", "PSNR dB", *bins, f"{bins[0]} / {bins[-1]}"],
            [[*grid, *distance_cells(seams)] for grid, seams in zip(grids, all_seams.values())],
        ),
        "## Jumps between neighbours",
        "Original and decoded: the mean of |next voxel - voxel| across faces, and of pairs inside blocks along the "
        "same axes, weighted alike. A seam is a ratio that the original does not have. Error: the root mean square of "
        "its jumps; ratio 1: the faces are like any other place.",
        table(["data", *heads], [[name, *jump_cells(seams)] for name, seams in all_seams.items()]),
    ]
    paragraphs += tables if found else []
    for name, seams in all_seams.items():
        _, step, axis, at = seams.worst
        paragraphs.append(f"## {name}")
        where = f"step {step}, {AXES[axis]} = {at}"
        paragraphs.append(f"The slice whose faces have the largest jumps of the error together: {where}.")
        paragraphs.append(f"![{name}](seams_{name}.png)")
    paragraphs += single
    return "\n\n".join(paragraph.strip() for paragraph in paragraphs if paragraph) + "\n"


def factor(error, span):
    """By how much an error is enlarged to be seen on a scale of `span`: 1, 2, 5, 10, ..."""
    largest = float(np.nanquantile(np.abs(error), 0.999))
    if not largest or not math.isfinite(largest):
        return 1
    room = span / 2 / largest
    round_ones = [mantissa * 10**power for power in range(6) for mantissa in (1, 2, 5)]
    return max([1] + [times for times in round_ones if times <= room])


def draw(path, name, seams, original, decoded):
    """The slice with the worst seam, and the curve of the error over the distance."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    _, step, axis, at = seams.worst
    rows, columns = (other for other in range(3) if other != axis)
    low, high = np.nanmin(original), np.nanmax(original)
    error = decoded - original
    times, half = factor(error, high - low), (high - low) / 2
    scales = [plt.get_cmap(colours, COLOURS) for colours in ("viridis", "RdBu_r")]
    figure, panels = plt.subplots(1, 4, figsize=(19, 4.6))
    shown = [
        ("original", original, low, high, scales[0]),
        ("decoded", decoded, low, high, scales[0]),
        (f"error × {times}", error * times, -half, half, scales[1]),
    ]
    for panel, (title, values, bottom, top, scale) in zip(panels, shown):
        aspect = "equal" if max(values.shape) <= 3 * min(values.shape) else "auto"
        drawn = panel.imshow(values, origin="lower", vmin=bottom, vmax=top, cmap=scale, aspect=aspect)
        panel.set_xticks([face - 0.5 for face in seams.faces[columns]], seams.faces[columns])
        panel.set_yticks([face - 0.5 for face in seams.faces[rows]], seams.faces[rows])
        panel.tick_params(direction="out", length=8, width=1.5, top=True, right=True)
        panel.set(title=title, xlabel=AXES[columns], ylabel=AXES[rows])
        figure.colorbar(drawn, ax=panel, shrink=0.75)
    figures = [100 * seams.rmse(away, away) for away in range(min(CURVE, seams.counts.size))]
    panels[3].plot(figures, marker="o", ms=3, color="black")
    panels[3].set(
        title="root mean square error / range (%)",
        xlabel="voxels from the nearest face",
        ylim=(0, 1.1 * max(np.nanmax(figures), 1e-9)),
    )
    panels[3].grid(alpha=0.3)
    figure.suptitle(f"{name}, step {step}, {AXES[axis]} = {at}: ticks are faces between blocks")
    figure.tight_layout()
    save(figure, scales, path)
    plt.close(figure)


def save(figure, scales, path):
    """With a palette of the colours that are drawn: a third of the bytes."""
    from PIL import Image

    colours = [bytes(colour[:3]) for scale in scales for colour in scale(np.arange(scale.N), bytes=True)]
    greys = [bytes([level] * 3) for level in np.linspace(0, 255, 256 - len(colours)).astype(int)]
    palette, drawn = Image.new("P", (1, 1)), io.BytesIO()
    palette.putpalette(b"".join(colours + greys))
    figure.savefig(drawn, dpi=80)
    pixels = Image.open(drawn).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    pixels.save(path, optimize=True)


# ---------------------------------------------------------------- running the tool


def opened(path, shape):
    """The steps of a file without reading them yet."""
    return np.memmap(path, dtype="<f4", mode="r", shape=(math.prod(shape[:-3]), *shape[-3:]))


class Look:
    """Compresses sets and looks at their faces."""

    def __init__(self, options):
        self.options, self.plan = options, goals.plans(options)[0]
        self.goal = Goal("psnr", self.plan.headline())
        self.tool = version(options.tool)
        self.rows = goals.Rows(options.out / "rd.csv", self.tool)

    def model(self, name, source):
        """A file of the goal: one that is kept and is that of its row, or a new one. And whether it is new."""
        kept, row = kept_model(self.options.out, name, self.plan.preset, self.goal), None
        if not self.options.block:
            row = self.rows.get(name, self.plan.preset, self.goal)
        if row and kept.is_file() and kept.stat().st_size == int(row["bytes"]):
            return kept, False
        model = self.options.out / f"seams_{name}.neuvol"
        more = ["--block", self.options.block] if self.options.block else []
        compress(self.options.tool, source, model, self.plan.preset, self.goal, more)
        return model, True

    def look(self, name, entry):
        """(grid, block, seams); seams is None where there is one block only."""
        shape, source = entry["shape"], self.options.inputs / entry["file"]
        model, new = self.model(name, source)
        decoded = self.options.out / f"seams_{name}.raw"
        try:
            block = info(self.options.tool, model)["variables"][0]["block"]
            grid = shape[-3:]
            if not any(faces(grid, block)):
                return grid, block, None
            decode(self.options.tool, model, decoded)
            pair = opened(source, shape), opened(decoded, shape)
            seams = Seams(grid, block)
            for step, (original, values) in enumerate(zip(*pair)):
                seams.add(step, original, values)
            _, step, axis, at = seams.worst
            slices = (np.take(values[step], at, axis=axis).astype(np.float64) for values in pair)
            draw(self.options.out / f"seams_{name}.png", name, seams, *slices)
            return grid, block, seams
        finally:
            decoded.unlink(missing_ok=True)
            if new:
                model.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("tool", "inputs", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--sets", required=True)
    goals.add_options(parser)
    parser.add_argument("--block", default="")
    parser.add_argument("--machine", type=json.loads)
    options = parser.parse_args()
    entries = json.loads((options.inputs / "sets.json").read_text())
    look, found, single, failures = Look(options), {}, [], []
    for name in options.sets.split(","):
        print(f"{name}: seams", file=sys.stderr)
        try:
            grid, block, seams = look.look(name, entries[name])
        except ToolFailed as error:
            failures.append(f"{name}: {error}")
            continue
        if seams:
            found[name] = grid, block, seams
        else:
            single.append(f"{name}: the grid {' × '.join(map(str, grid))} is one block.")
        text = written(look.plan.preset, look.goal, look.tool, options.machine, found, single)
        (options.out / "seams.md").write_text(text)
    if found or single:
        print(text)
    if failures:
        sys.exit("seams.py: failed:\n" + "\n".join(failures))


if __name__ == "__main__":
    main()
