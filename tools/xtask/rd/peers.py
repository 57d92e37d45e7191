"""The peers' measured rows, and what they would need at a quality between two of them."""

import csv
import math
from typing import NamedTuple

CLASSICAL = ("sz3", "sperr-psnr", "sperr-pwe", "sperr-tyx", "tthresh", "zfp")
X265 = ("x265-12bit", "x265-zvid")
BOUNDED = ("sz3", "sperr-pwe", "zfp")


class Need(NamedTuple):
    """Bytes that a codec needs. `bound`: "<=" if its smallest measured file is already better, so that it may need
    less; ">=" if its largest is still worse, so that it needs more; else empty."""

    bytes: float
    bound: str
    codec: str


def number(row, name):
    text = row.get(name)
    return float(text) if text not in (None, "") else math.nan


# Each grows with quality. SSIM and the largest error by their logarithm, as between rows everything is log-linear.
METRICS = {
    "psnr": lambda row: number(row, "psnr_db"),
    "ssim": lambda row: -math.log10(max(1 - number(row, "ssim"), 1e-6)),
    "max_error": lambda row: -math.log10(max(number(row, "max_rel_err"), 1e-9)),
}


def read(path):
    """The rows by data set and codec."""
    sets = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            sets.setdefault(row["dataset"], {}).setdefault(row["codec"], []).append(row)
    return sets


def between(points, at):
    """log-linear interpolation of (x, y) pairs that are sorted by x and enclose `at`."""
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if x0 <= at <= x1:
            share = (at - x0) / (x1 - x0)
            return math.exp(math.log(y0) + share * (math.log(y1) - math.log(y0)))
    raise ValueError(f"{at} is outside of the points")


def need(codec, rows, metric, wanted):
    """What a codec needs for a metric's value `wanted`; None if no measured file of it is as good. Never ">="."""
    measure = METRICS[metric]
    points = {}
    for row in rows:
        if not math.isnan(measure(row)):
            points.setdefault(measure(row), number(row, "bytes"))
    finite = sorted(point for point in points.items() if math.isfinite(point[0]))
    if len(finite) >= 2 and finite[0][0] <= wanted <= finite[-1][0]:
        return Need(between(finite, wanted), "", codec)
    better = [size for value, size in points.items() if value >= wanted]
    if better and not (finite and finite[0][0] < wanted):
        return Need(min(better), "<=", codec)
    return None


def need_or_more(codec, rows, metric, wanted):
    """`need`, or the bytes of the best measured file with ">=" where even that is not good enough. None: no rows."""
    found = need(codec, rows, metric, wanted)
    if found is not None or not rows:
        return found
    return Need(number(max(rows, key=METRICS[metric]), "bytes"), ">=", codec)


def bytes_for_peaks(rows, loss):
    """(bytes, whether that is the smallest file) from which on every larger measured file loses at most `loss` of the
    top 0.1 %; between the last that loses more and the first that does not, log-log interpolated. None: never."""
    losses = sorted((number(row, "bytes"), -number(row, "peak_top")) for row in rows if row.get("peak_top"))
    first = len(losses)
    while first > 0 and losses[first - 1][1] <= loss:
        first -= 1
    if first == len(losses):
        return None
    if first == 0:
        return losses[0][0], True
    (small, much), (large, little) = losses[first - 1], losses[first]
    little = max(little, 1e-3)
    if little >= loss:
        return large, False
    share = (math.log(much) - math.log(loss)) / (math.log(much) - math.log(little))
    return small * (large / small) ** share, False


def need_with_peaks(codec, rows, metric, wanted, loss):
    """`need`, and the peaks kept as well: more bytes where that takes them."""
    plain, peaks = need(codec, rows, metric, wanted), bytes_for_peaks(rows, loss)
    if plain is None or peaks is None:
        return None
    size, smallest = peaks
    if size <= plain.bytes:
        return plain
    return Need(size, plain.bound if smallest else "", codec)


def best(codecs, of_set, metric, wanted, loss=None):
    """The least need of some codecs on one set ({codec: rows}), or None; with `loss` the peaks have to be kept."""
    needs = []
    for codec in codecs:
        rows = of_set.get(codec, [])
        wanting = (codec, rows, metric, wanted)
        found = need(*wanting) if loss is None else need_with_peaks(*wanting, loss)
        if found is not None:
            needs.append(found)
    return min(needs, key=lambda found: found.bytes, default=None)
