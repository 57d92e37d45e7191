"""What a row is measured for, the table of all rows (rd.csv), and which target to try next."""

import csv
import math
import os
import pathlib
from typing import NamedTuple

# The columns of the peers' table, in their order, then ours.
PEER_FIELDS = (
    "dataset,shape,raw_bytes,codec,setting,bytes,mask_bytes,ratio,bits_per_voxel,psnr_db,max_rel_err,ssim,"
    "peak_p999,peak_max,peak_top,comp_MBps,decomp_MBps,reps,origin,note"
).split(",")
FIELDS = [*PEER_FIELDS, "encode_seconds", "encode_cpu_seconds", "decode_seconds", "mask_differs", "met", "tool"]

# `--target-ssim` as soon as `neuvol compress` has it; until then the PSNR that gives an SSIM is searched.
SSIM_OPTION = None
SSIM_STEP_DB = 0.5
LOWEST_DB, HIGHEST_DB = 10.0, 100.0
PEAK_STEP_DB, PEAK_STEPS = 1.0, 12


class Goal(NamedTuple):
    """A target of one kind: `psnr` in dB, `max_error` as a share of the range, or `ssim`."""

    kind: str
    value: float

    def setting(self):
        return f"{self.value:g}"

    def codec(self, preset):
        """The name of the codec in the tables. Files for another kind of target are another curve."""
        return f"neuvol-{preset}" + {"psnr": "", "max_error": "-maxerr", "ssim": "-ssim"}[self.kind]

    def option(self):
        """The option of `neuvol compress`."""
        if self.kind == "max_error":
            return ["--max-error", f"{100 * self.value:.12g}%"]
        return [{"psnr": "--target-psnr", "ssim": SSIM_OPTION}[self.kind], self.setting()]

    def text(self):
        if self.kind == "max_error":
            return f"{100 * self.value:g} %"
        return f"{self.value:g} dB" if self.kind == "psnr" else f"SSIM {self.value:g}"


class Rows:
    """Rows of one version of the tool, kept in a file. Those of other versions are moved to files of their own."""

    def __init__(self, path, tool):
        self.path, self.tool, self.rows = pathlib.Path(path), tool, {}
        if not self.path.is_file():
            return
        others = {}
        with open(self.path, newline="") as file:
            for row in csv.DictReader(file):
                key = (row["dataset"], row["codec"], row["setting"])
                (self.rows if row["tool"] == tool else others.setdefault(row["tool"], {}))[key] = row
        for version, rows in others.items():
            write(self.path.with_name(f"{self.path.stem}-{version}.csv"), rows.values())
        if others:
            write(self.path, self.rows.values())

    def get(self, dataset, preset, goal):
        return self.rows.get((dataset, goal.codec(preset), goal.setting()))

    def put(self, row):
        self.rows[row["dataset"], row["codec"], row["setting"]] = row
        write(self.path, self.rows.values())

    def forget(self, dataset, preset):
        codecs = {Goal(kind, 0).codec(preset) for kind in ("psnr", "max_error", "ssim")}
        self.rows = {key: row for key, row in self.rows.items() if key[0] != dataset or key[1] not in codecs}

    def of_psnr(self, dataset, preset):
        """The rows with a PSNR as target: {target: row}."""
        codec = Goal("psnr", 0).codec(preset)
        return {float(key[2]): row for key, row in self.rows.items() if key[:2] == (dataset, codec)}


def write(path, rows):
    unfinished = path.with_suffix(".tmp")
    with open(unfinished, "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(unfinished, path)


def keeps_peaks(row, loss):
    return float(row["peak_top"]) >= -loss


def first_that_keeps_peaks(rows, target, loss):
    """(target, row) of the first row, from `target` upwards in steps of 1 dB, that loses at most `loss` of its peaks.

    (target, None): that target has no row yet. None: no target does.
    """
    for step in range(PEAK_STEPS + 1):
        tried = target + step * PEAK_STEP_DB
        row = rows.get(tried)
        if row is None or keeps_peaks(row, loss):
            return tried, row
    return None


def next_for_ssim(known, wanted):
    """The PSNR to try next for the smallest one that gives the SSIM `wanted`; None: found, or out of reach.

    `known`: {PSNR tried: SSIM measured}. Halves the interval between the lowest that is good enough and the next lower
    one that is not, down to steps of SSIM_STEP_DB.
    """
    if not known:
        return 40.0
    good = [target for target, ssim in known.items() if ssim >= wanted]
    if not good:
        highest = max(known)
        return min(highest + 5, HIGHEST_DB) if highest < HIGHEST_DB else None
    high = min(good)
    lower = [target for target in known if target < high]
    if not lower:
        return max(high - 5, LOWEST_DB) if high > LOWEST_DB else None
    low = max(lower)
    if high - low <= SSIM_STEP_DB:
        return None
    middle = SSIM_STEP_DB * math.floor((low + high) / 2 / SSIM_STEP_DB)
    return middle if low < middle < high else (low + high) / 2


def found_for_ssim(rows, wanted):
    """(target, row) of the lowest PSNR target whose SSIM is good enough, or None."""
    good = [(target, row) for target, row in rows.items() if float(row["ssim"]) >= wanted]
    return min(good, key=lambda pair: pair[0], default=None)


def numbers(text):
    """A list of numbers on a command line."""
    return [float(word) for word in text.split(",") if word]


def number(text):
    """A number on a command line, or None for an empty word."""
    return float(text) if text else None
