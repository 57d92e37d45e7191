#!/usr/bin/env python3
"""Compares a decoded volume with its original, without any code of Neuvol. Needs numpy and scipy.

    measure.py ORIGINAL.raw DECODED.raw --dims x,y,z[,t] [--psnr 40] [--max-error 0.02] [--ssim 0.98]

Both files: 32-bit floats, little-endian, x fastest, one time step after the other; NaN = masked (infinities and values
beyond 1e30 count as masked too). Prints one JSON object. Exit code 0: every target given is met and the masks are equal;
1: not so; 2: the files or options cannot be used.

All figures are over the voxels that are valid in the original; range = maximum - minimum over those.

  psnr_db        20 log10(range / root mean square error); null if there is no error at all
  max_rel_err    largest |error| / range
  ssim           3-D structural similarity: uniform window of 7 voxels per axis (1 where an axis is shorter than 7), K1 0.01,
                 K2 0.03, L = range, sample covariance, float64 on values minus the minimum, mean over the windows inside the
                 volume whose centre is valid. Masked voxels take the nearest valid value along x (the lower side first, the
                 mean where a row has none) in both volumes. With time: the mean of the first and the last step
  peak_p999      error of the 99.9th percentile, relative to its distance from the minimum
  peak_max       error of the maximum, relative to the range
  peak_top       mean error of the voxels that are at or above the 99.9th percentile of the original, relative to the
                 distance of their mean from the minimum: negative = peaks lost where they were
  mask_differs   voxels that are masked in one file only; the other figures then leave them out
"""

import argparse
import json
import math
import sys

import numpy as np
from scipy.ndimage import uniform_filter

WINDOW = 7
LARGEST_VALUE = 1e30
# A target counts as met this far below it: what rounding in another order of summation can change.
PSNR_SLACK_DB = 1e-4


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
    width = values.shape[-1]
    rows, masks = values.reshape(-1, width), valid.reshape(-1, width)
    at = np.arange(width)
    before = np.maximum.accumulate(np.where(masks, at, -1), axis=1)
    after = np.minimum.accumulate(np.where(masks, at, width)[:, ::-1], axis=1)[:, ::-1]
    source = np.where(before >= 0, before, after)
    found = source < width
    taken = np.take_along_axis(rows, np.where(found, source, 0), axis=1)
    mean = np.float32(values[valid].mean())
    return np.where(found, taken, mean).astype(np.float32).reshape(values.shape)


class Similarity:
    """SSIM against one 3-D volume, whose own window sums are computed once."""

    def __init__(self, original, value_range, valid):
        self.size = [WINDOW if extent >= WINDOW else 1 for extent in original.shape]
        count = math.prod(self.size)
        self.sample = count / (count - 1) if count > 1 else 1.0
        self.low = float(original.min())
        self.x = original.astype(np.float64) - self.low
        self.mean = uniform_filter(self.x, self.size)
        self.variance = self.sample * (uniform_filter(self.x * self.x, self.size) - self.mean**2)
        self.c1, self.c2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2
        inside = (slice(size // 2, extent - size // 2) for size, extent in zip(self.size, original.shape))
        self.inside = tuple(inside)
        self.centres = valid[self.inside]

    def of(self, decoded):
        y = decoded.astype(np.float64) - self.low
        mean = uniform_filter(y, self.size)
        variance = self.sample * (uniform_filter(y * y, self.size) - mean**2)
        covariance = self.sample * (uniform_filter(self.x * y, self.size) - self.mean * mean)
        luminance = (2 * self.mean * mean + self.c1) / (self.mean**2 + mean**2 + self.c1)
        structure = (2 * covariance + self.c2) / (self.variance + variance + self.c2)
        local = (luminance * structure)[self.inside][self.centres]
        return float(local.mean()) if local.size else math.nan


class Original:
    """What decoded volumes are compared with: an array of [t,] z, y, x with NaN where masked."""

    def __init__(self, values):
        self.valid = is_valid(values)
        if not self.valid.any():
            raise Unusable("the original has no valid voxel")
        self.values = filled(values, self.valid)
        inside = self.values[self.valid]
        self.low, self.high = float(inside.min()), float(inside.max())
        self.range = self.high - self.low
        if self.range == 0:
            raise Unusable("the original is constant: its range is 0, and every figure is relative to that")
        self.p999 = float(np.quantile(inside, 0.999))
        steps = [()] if values.ndim == 3 else [(step,) for step in sorted({0, values.shape[0] - 1})]
        self.similarities = [(s, Similarity(self.values[s], self.range, self.valid[s])) for s in steps]

    def compare(self, decoded):
        """The figures of the module's text, as a dictionary; `psnr_db` is infinite where there is no error."""
        if decoded.shape != self.values.shape:
            raise Unusable(f"shapes differ: original {self.values.shape}, decoded {decoded.shape}")
        there = is_valid(decoded)
        differs = int(np.count_nonzero(there != self.valid))
        both = self.valid & there if differs else self.valid
        if not both.any():
            raise Unusable("no voxel is valid in both files")
        original, values = self.values[both], decoded[both]
        error = values.astype(np.float64) - original
        mean_square = float(np.dot(error, error)) / error.size
        top = original >= self.p999
        top_mean = float(original[top].mean(dtype=np.float64)) if top.any() else math.nan
        whole = np.where(both, decoded, self.values)
        above = self.p999 - self.low
        return {
            "psnr_db": math.inf if mean_square == 0 else 20 * math.log10(self.range) - 10 * math.log10(mean_square),
            "max_rel_err": float(np.abs(error).max()) / self.range,
            "ssim": float(np.mean([similarity.of(whole[step]) for step, similarity in self.similarities])),
            "peak_p999": (float(np.quantile(values, 0.999)) - self.p999) / above if above > 0 else math.nan,
            "peak_max": (float(values.max()) - self.high) / self.range,
            "peak_top": float(error[top].mean()) / (top_mean - self.low) if top.any() else math.nan,
            "mask_differs": differs,
        }


def judge(figures, psnr=None, max_error=None, ssim=None):
    """For each target that is not None whether it is met."""
    met = {}
    if psnr is not None:
        met["psnr"] = figures["psnr_db"] >= psnr - PSNR_SLACK_DB
    if max_error is not None:
        met["max_error"] = figures["max_rel_err"] <= max_error
    if ssim is not None:
        met["ssim"] = figures["ssim"] >= ssim
    return met


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("original")
    parser.add_argument("decoded")
    parser.add_argument("--dims", required=True, metavar="x,y,z[,t]", help="extents, the fastest first")
    parser.add_argument("--psnr", type=float, metavar="DB", help="smallest PSNR that will do")
    parser.add_argument("--max-error", type=float, metavar="SHARE", help="largest error that will do, a share of the range")
    parser.add_argument("--ssim", type=float, help="smallest SSIM that will do")
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
    met = judge(figures, options.psnr, options.max_error, options.ssim)
    good = all(met.values()) and figures["mask_differs"] == 0
    readable = {name: value if math.isfinite(value) else None for name, value in figures.items()}
    valid = int(np.count_nonzero(original.valid))
    about = {"dims": dims, "voxels": original.valid.size, "valid": valid, "range": [original.low, original.high]}
    print(json.dumps(about | readable | {"targets_met": met, "good": good}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
