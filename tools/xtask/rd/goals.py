"""What a row is measured for, what a run wants of each preset, and the table of all rows (rd.csv)."""

import csv
import os
import pathlib
from typing import NamedTuple

# The columns of the peers' table, in their order, then ours.
PEER_FIELDS = (
    "dataset,shape,raw_bytes,codec,setting,bytes,mask_bytes,ratio,bits_per_voxel,psnr_db,max_rel_err,ssim,"
    "peak_p999,peak_max,peak_top,comp_MBps,decomp_MBps,reps,origin,note"
).split(",")
OUR_FIELDS = "ssim_all,encode_seconds,encode_cpu_seconds,decode_seconds,mask_differs,met,tool".split(",")
FIELDS = [*PEER_FIELDS, *OUR_FIELDS]

# Files for another kind of target are another curve, so another codec in the tables.
SUFFIXES = {"psnr": "", "peaks": "-peaks", "max_error": "-maxerr", "ssim": "-ssim"}
HEADLINE_DB = 40.0


class Goal(NamedTuple):
    """A target of one kind: `psnr` in dB, `max_error` as a share of the range, `ssim`, or `peaks`: a PSNR and `loss`,
    the share that the top 0.1 % may lose."""

    kind: str
    value: float
    loss: float | None = None

    def setting(self):
        return f"{self.value:g}" if self.loss is None else f"{self.value:g}-{100 * self.loss:g}%"

    def codec(self, preset):
        """The name of the codec in the tables."""
        return f"neuvol-{preset}{SUFFIXES[self.kind]}"

    def option(self):
        """The options of `neuvol compress`."""
        value = f"{self.value:g}"
        if self.kind == "max_error":
            return ["--max-error", f"{100 * self.value:.12g}%"]
        if self.kind == "peaks":
            return ["--target-psnr", value, "--keep-peaks", f"{100 * self.loss:.12g}%"]
        return [{"psnr": "--target-psnr", "ssim": "--target-ssim"}[self.kind], value]

    def targets(self):
        """What `measure.judge` has to find met."""
        return {"psnr": self.value, "peaks": self.loss} if self.kind == "peaks" else {self.kind: self.value}

    def text(self):
        if self.kind == "max_error":
            return f"{100 * self.value:g} %"
        if self.kind == "ssim":
            return f"SSIM {self.value:g}"
        return f"{self.value:g} dB" + (f", peaks {100 * self.loss:g} %" if self.kind == "peaks" else "")


class Plan(NamedTuple):
    """What is measured with one preset. Empty lists, and None for `peaks`, leave a table out."""

    preset: str
    targets: list[float]
    bounds: list[float]
    ssim: list[float]
    peaks: float | None

    def headline(self):
        """The PSNR that stands for the preset where there is room for one."""
        return HEADLINE_DB if HEADLINE_DB in self.targets or not self.targets else self.targets[0]


def plans(options):
    """The plans of a command line. `best:40:45` among the presets: only these PSNR, and neither bounds nor SSIM."""
    found = []
    for word in options.presets.split(","):
        preset, *limits = word.split(":")
        if limits:
            found.append(Plan(preset, [float(limit) for limit in limits], [], [], options.peaks))
        else:
            found.append(Plan(preset, options.targets, options.bounds, options.ssim, options.peaks))
    return found


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
                # Without `ssim_all`, a row is of an earlier version of these scripts.
                ours = row["tool"] == tool and row.get("ssim_all")
                (self.rows if ours else others.setdefault(row["tool"], {}))[key] = row
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
        codecs = {f"neuvol-{preset}{suffix}" for suffix in SUFFIXES.values()}
        self.rows = {key: row for key, row in self.rows.items() if key[0] != dataset or key[1] not in codecs}


def write(path, rows):
    unfinished = path.with_suffix(".tmp")
    with open(unfinished, "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(unfinished, path)


def keeps_peaks(row, loss):
    return float(row["peak_top"]) >= -loss


def for_peaks(plain, target, loss):
    """The goal whose file keeps the peaks at a PSNR target, where `plain` is the row of that target alone."""
    return Goal("psnr", target) if keeps_peaks(plain, loss) else Goal("peaks", target, loss)


def add_options(parser):
    """The options that make `plans`."""
    parser.add_argument("--presets", required=True)
    for name in ("targets", "bounds", "ssim"):
        parser.add_argument(f"--{name}", type=numbers, default=[])
    parser.add_argument("--peaks", type=number)


def numbers(text):
    """A list of numbers on a command line."""
    return [float(word) for word in text.split(",") if word]


def number(text):
    """A number on a command line, or None for an empty word."""
    return float(text) if text else None
