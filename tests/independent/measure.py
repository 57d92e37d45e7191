#!/usr/bin/env python3
"""Compares a decoded volume with its original, without any code of Neuvol. Needs numpy and scipy.

    measure.py ORIGINAL.raw DECODED.raw --dims x,y,z[,t] [--psnr 40] [--max-error 0.02] [--ssim 0.98] [--peaks 0.05]

Both files: 32-bit floats, little-endian, x fastest, one time step after the other; NaN = masked (infinities and
values beyond 1e30 count as masked too). Prints one JSON object. Exit code 0: every target given is met and the masks
are equal; 1: not so; 2: the files or options cannot be used.

All figures are over the voxels that are valid in the original; range = maximum - minimum over those.

  psnr_db        20 log10(range / root mean square error); null if there is no error at all
  max_rel_err    largest |error| / range
  ssim           3-D structural similarity as the peers' rows have it: uniform window of 7 voxels per axis (1 where an
                 axis is shorter than 7), K1 0.01, K2 0.03, L = range, sample covariance, float64 on values minus the
                 minimum of the step, mean over the windows inside the volume whose centre is valid. Masked voxels take
                 the nearest valid value along x (the lower side first, the mean where a row has none) in both volumes.
                 With time: the mean of the first and the last step
  ssim_all       the same formula as `neuvol verify` and --target-ssim use it: the mean over the windows of all steps
                 that lie inside the volume and hold no masked voxel, on values minus the minimum of all steps; null if
                 there is none. The window is 7 voxels, on shorter axes the largest odd number that fits. Two windows
                 that are both constant (standard deviation at most 1e-5 L) count 1 if their means differ by at most
                 0.01 L, else 0
  peak_p999      error of the 99.9th percentile, relative to its distance from the minimum
  peak_max       error of the maximum, relative to the range
  peak_top       mean error of the voxels that are at or above the 99.9th percentile of the original, relative to the
                 distance of their mean from the minimum: negative = peaks lost where they were
  mask_differs   voxels that are masked in one file only; the other figures then leave them out

--ssim is a target of ssim_all, --peaks the share that peak_top may lose at most.
"""

import argparse
import json
import math
import sys

import numpy as np
from scipy.ndimage import minimum_filter, uniform_filter

WINDOW = 7
LARGEST_VALUE = 1e30
# A target counts as met this far below it: what rounding in another order of summation can change.
PSNR_SLACK_DB, SSIM_SLACK, PEAKS_SLACK = 1e-4, 1e-7, 1e-7
# Windows with less spread and difference than these shares of the range are both constant, and equal.
CONSTANT_SPREAD, CONSTANT_TOLERANCE = 1e-5, 1e-2
# Voxels that are worked on at once: about 12 arrays of float64 of that size bound the memory.
PORTION = 1 << 22


class Unusable(Exception):
    """The input cannot be compared; the message says why."""


def read_raw(path, dims):
    """The file as an array of [t,] z, y, x."""
    values = np.fromfile(path, dtype="<f4")
    if values.size != math.prod(dims):
        raise Unusable(f"{path}: {values.size} values, but --dims {','.join(map(str, dims))} are {math.prod(dims)}")
    return values.reshape(dims[::-1])


def is_valid(values):
    return np.isfinite(values) & (np.abs(values) < LARGEST_VALUE)


def filled(values, valid):
    """`values` with the masked ones replaced along the last axis."""
    if valid.all():
        return values
    mean = np.float32(values[valid].mean())
    # One step (or plane) after the other, for the memory.
    return np.stack([filled_rows(part, mask, mean) for part, mask in zip(values, valid)])


def filled_rows(values, valid, mean):
    width = values.shape[-1]
    rows, masks = values.reshape(-1, width), valid.reshape(-1, width)
    at = np.arange(width)
    before = np.maximum.accumulate(np.where(masks, at, -1), axis=1)
    after = np.minimum.accumulate(np.where(masks, at, width)[:, ::-1], axis=1)[:, ::-1]
    source = np.where(before >= 0, before, after)
    found = source < width
    taken = np.take_along_axis(rows, np.where(found, source, 0), axis=1)
    return np.where(found, taken, mean).astype(np.float32).reshape(values.shape)


def portions(count, length):
    """Slices that cover range(count), each of at most `length`."""
    return [slice(first, min(first + length, count)) for first in range(0, count, length)]


class Similarity:
    """SSIM of windows of one step. Both volumes hold no masked value; `size` is the window's extent on z, y, x."""

    def __init__(self, value_range, size):
        self.range, self.size, self.count = value_range, size, math.prod(size)

    def windows(self, original, decoded, low):
        """For every window wholly inside the volume: its SSIM, and whether it is constant in both and equal in both."""
        mean_of = lambda values: self.centres(uniform_filter(values, self.size))  # noqa: E731
        sample = self.count / (self.count - 1) if self.count > 1 else 1.0
        x, y = (values.astype(np.float64) - low for values in (original, decoded))
        mean_x, mean_y = mean_of(x), mean_of(y)
        variance_x = sample * (mean_of(x * x) - mean_x**2)
        variance_y = sample * (mean_of(y * y) - mean_y**2)
        covariance = sample * (mean_of(x * y) - mean_x * mean_y)
        c1, c2 = (0.01 * self.range) ** 2, (0.03 * self.range) ** 2
        luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
        structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
        constant = np.maximum(variance_x, variance_y) <= (CONSTANT_SPREAD * self.range) ** 2
        return luminance * structure, constant, np.abs(mean_x - mean_y) <= CONSTANT_TOLERANCE * self.range

    def slabs(self, shape):
        """Slices along z whose windows are together those of the volume, each once."""
        centres = shape[0] - self.size[0] + 1
        length = max(1, PORTION // (shape[1] * shape[2]))
        return [slice(part.start, part.stop + self.size[0] - 1) for part in portions(centres, length)]

    def by_centre(self, original, decoded, valid):
        """Sum of SSIM and number of the windows with a valid centre."""
        total, number, low = 0.0, 0, float(original.min())
        for slab in self.slabs(original.shape):
            local, _, _ = self.windows(original[slab], decoded[slab], low)
            chosen = local[self.centres(valid[slab])]
            total, number = total + float(chosen.sum()), number + chosen.size
        return total, number

    def of_valid(self, original, decoded, valid, low):
        """Sum of SSIM and number of the windows without a masked voxel, constant ones counted as the module says."""
        total, number = 0.0, 0
        for slab in self.slabs(original.shape):
            local, constant, equal = self.windows(original[slab], decoded[slab], low)
            chosen = np.where(constant, equal, local)[self.centres(minimum_filter(valid[slab], self.size))]
            total, number = total + float(chosen.sum()), number + chosen.size
        return total, number

    def centres(self, values):
        """Those of `values` that are at the centre of a window wholly inside."""
        return values[tuple(slice(size // 2, extent - size // 2) for size, extent in zip(self.size, values.shape))]


def window_of_peers(extent):
    return WINDOW if extent >= WINDOW else 1


def window_of_neuvol(extent):
    return WINDOW if extent >= WINDOW else extent - 1 + extent % 2


class Original:
    """What decoded volumes are compared with: an array of [t,] z, y, x with NaN where masked."""

    def __init__(self, values):
        self.valid = is_valid(values)
        if not self.valid.any():
            raise Unusable("the original has no valid voxel")
        self.values = filled(values, self.valid)
        inside = values[self.valid]
        self.low, self.high = float(inside.min()), float(inside.max())
        self.range = self.high - self.low
        if self.range == 0:
            raise Unusable("the original is constant: its range is 0, and every figure is relative to that")
        self.p999 = float(np.quantile(inside, 0.999, overwrite_input=True))
        self.steps = [()] if values.ndim == 3 else [(step,) for step in range(values.shape[0])]

    def compare(self, decoded):
        """The figures of the module's text, as a dictionary; `psnr_db` is infinite where there is no error."""
        if decoded.shape != self.values.shape:
            raise Unusable(f"shapes differ: original {self.values.shape}, decoded {decoded.shape}")
        there = is_valid(decoded)
        differs = int(np.count_nonzero(there != self.valid))
        both = self.valid & there if differs else self.valid
        if not both.any():
            raise Unusable("no voxel is valid in both files")
        ssim, ssim_all = self.similarities(decoded, both)
        return self.errors(decoded, both) | {"ssim": ssim, "ssim_all": ssim_all, "mask_differs": differs}

    def errors(self, decoded, both):
        """The figures of single voxels, portion by portion."""
        squares, largest, number = 0.0, 0.0, 0
        top_error, top_value, top_number = 0.0, 0.0, 0
        flat = [values.reshape(-1) for values in (self.values, decoded, both)]
        for part in portions(decoded.size, PORTION):
            values, other, valid = (array[part] for array in flat)
            values = values[valid]
            error = other[valid].astype(np.float64) - values
            squares, number = squares + float(np.dot(error, error)), number + error.size
            largest = max(largest, float(np.abs(error).max(initial=0.0)))
            top = values >= self.p999
            top_error, top_number = top_error + float(error[top].sum()), top_number + int(np.count_nonzero(top))
            top_value += float(values[top].sum(dtype=np.float64))
        values, above = decoded[both], self.p999 - self.low
        highest, p999 = float(values.max()), float(np.quantile(values, 0.999, overwrite_input=True))
        mean_square = squares / number
        lost = top_error / (top_value - top_number * self.low) if top_number else math.nan
        return {
            "psnr_db": math.inf if mean_square == 0 else 20 * math.log10(self.range) - 10 * math.log10(mean_square),
            "max_rel_err": largest / self.range,
            "peak_max": (highest - self.high) / self.range,
            "peak_p999": (p999 - self.p999) / above if above > 0 else math.nan,
            "peak_top": lost,
        }

    def similarities(self, decoded, both):
        """`ssim` and `ssim_all`, step by step."""
        extents = decoded.shape[-3:]
        peers = Similarity(self.range, [window_of_peers(extent) for extent in extents])
        neuvol = Similarity(self.range, [window_of_neuvol(extent) for extent in extents])
        ends, total, number = [], 0.0, 0
        for step in self.steps:
            pair = self.values[step], np.where(both[step], decoded[step], self.values[step])
            if step in (self.steps[0], self.steps[-1]):
                ends.append(mean(*peers.by_centre(*pair, self.valid[step])))
            step_total, step_number = neuvol.of_valid(*pair, both[step], self.low)
            total, number = total + step_total, number + step_number
        return float(np.mean(ends)), mean(total, number)


def mean(total, number):
    return total / number if number else math.nan


def judge(figures, psnr=None, max_error=None, ssim=None, peaks=None):
    """For each target that is not None whether it is met."""
    met = {}
    if psnr is not None:
        met["psnr"] = figures["psnr_db"] >= psnr - PSNR_SLACK_DB
    if max_error is not None:
        met["max_error"] = figures["max_rel_err"] <= max_error
    if ssim is not None:
        met["ssim"] = figures["ssim_all"] >= ssim - SSIM_SLACK
    if peaks is not None:
        met["peaks"] = figures["peak_top"] >= -peaks - PEAKS_SLACK
    return met


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("original")
    parser.add_argument("decoded")
    parser.add_argument("--dims", required=True, metavar="x,y,z[,t]", help="extents, the fastest first")
    parser.add_argument("--psnr", type=float, metavar="DB", help="smallest PSNR that will do")
    parser.add_argument(
        "--max-error", type=float, metavar="SHARE", help="largest error that will do, a share of the range"
    )
    parser.add_argument("--ssim", type=float, help="smallest ssim_all that will do")
    parser.add_argument("--peaks", type=float, metavar="SHARE", help="largest share that peak_top may lose")
    options = parser.parse_args()
    try:
        dims = [int(extent) for extent in options.dims.split(",")]
        if len(dims) not in (3, 4) or min(dims) < 1:
            raise Unusable("--dims takes three or four whole numbers above 0")
        original = Original(read_raw(options.original, dims))
        figures = original.compare(read_raw(options.decoded, dims))
    except (Unusable, ValueError, OSError) as error:
        print(f"measure.py: {error}", file=sys.stderr)
        return 2
    met = judge(figures, options.psnr, options.max_error, options.ssim, options.peaks)
    good = all(met.values()) and figures["mask_differs"] == 0
    readable = {name: value if math.isfinite(value) else None for name, value in figures.items()}
    valid = int(np.count_nonzero(original.valid))
    about = {"dims": dims, "voxels": original.valid.size, "valid": valid, "range": [original.low, original.high]}
    print(json.dumps(about | readable | {"targets_met": met, "good": good}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
