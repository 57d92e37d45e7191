"""Runs `neuvol compress` and `neuvol decode` for every set, preset and target, and measures what comes out (rd.csv).

    runs.py --tool PROGRAM --inputs DIR --out DIR --sets a,b --presets default,best:40 --targets 35,40 --bounds 0.02
            --ssim 0.98 --peaks 0.05 [--restart] [--keep]

Rows that are there already are not measured again; --restart throws away those of these sets and presets first. An
empty list or value leaves that table out. A preset with numbers, as best:40, is measured at these PSNR targets only.
"""

import argparse
import json
import pathlib
import sys

import goals
from goals import Goal
from neuvol_tool import ToolFailed, compress, decode, version

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "tests" / "independent"))
import measure  # noqa: E402


class Bench:
    """Measures rows of one set after the other."""

    def __init__(self, options):
        self.options = options
        self.tool = str(options.tool)
        self.rows = goals.Rows(options.out / "rd.csv", version(self.tool))
        self.failures = {}

    def open(self, name, entry):
        self.name, self.entry = name, entry
        self.input = self.options.inputs / entry["file"]
        self.dims = entry["shape"][::-1]
        self.original = None

    def row(self, preset, goal):
        """The row for a goal: from the table, or measured now. None if the tool failed."""
        there = self.rows.get(self.name, preset, goal)
        key = (self.name, preset, goal)
        if there is not None or key in self.failures:
            return there
        try:
            row = self.measure(preset, goal)
        except (ToolFailed, measure.Unusable) as error:
            self.failures[key] = f"{self.name}, {preset}, {goal.text()}: {error}"
            print(f"  {self.failures[key]}", file=sys.stderr)
            return None
        self.rows.put(row)
        seconds = f"{row['encode_seconds']} s ({row['encode_cpu_seconds']} s CPU)"
        unmet = "" if row["met"] == "yes" else ", TARGET UNMET"
        masks = "" if row["mask_differs"] == "0" else f", {row['mask_differs']} MASKED VOXELS DIFFER"
        print(
            f"  {self.name}, {preset}, {goal.text()}: {row['bytes']} B, {row['psnr_db']} dB, largest error "
            f"{row['max_rel_err']}, SSIM {row['ssim_all']}, peaks {row['peak_top']}, {seconds}{unmet}{masks}",
            file=sys.stderr,
        )
        return row

    def measure(self, preset, goal):
        if self.original is None:
            self.original = measure.Original(measure.read_raw(self.input, self.dims))
        model = kept_model(self.options.out, self.name, preset, goal)
        model.parent.mkdir(parents=True, exist_ok=True)
        decoded = model.with_suffix(".raw")
        done = compress(self.tool, self.input, model, preset, goal)
        decode_seconds, decode_cpu = decode(self.tool, model, decoded)
        figures = self.original.compare(measure.read_raw(decoded, self.dims))
        size = model.stat().st_size
        if not self.options.keep:
            model.unlink()
            decoded.unlink()
        return self.as_row(preset, goal, size, figures, done, decode_seconds, decode_cpu)

    def as_row(self, preset, goal, size, figures, done, decode_seconds, decode_cpu):
        voxels = self.original.valid.size
        raw = voxels * self.entry["bytes_of_a_value"]
        met = all(measure.judge(figures, **goal.targets()).values())
        speed = lambda seconds: f"{raw / 1e6 / max(seconds, 1e-6):.2f}"  # noqa: E731
        row = {
            "dataset": self.name,
            "shape": "x".join(map(str, self.entry["shape"])),
            "raw_bytes": raw,
            "codec": goal.codec(preset),
            "setting": goal.setting(),
            "bytes": size,
            "mask_bytes": 0,
            "ratio": f"{raw / size:.3f}",
            "bits_per_voxel": f"{8 * size / voxels:.5f}",
            "psnr_db": f"{figures['psnr_db']:.3f}",
            "max_rel_err": f"{figures['max_rel_err']:.3e}",
            "ssim": f"{figures['ssim']:.5f}",
            **{name: f"{figures[name]:.4f}" for name in ("peak_p999", "peak_max", "peak_top")},
            "comp_MBps": speed(done["cpu_seconds"]),
            "decomp_MBps": speed(decode_cpu),
            "reps": 1,
            "origin": "cargo xtask rd",
            "note": "bytes: the whole file, mask included; MB/s: of CPU time",
            "ssim_all": f"{figures['ssim_all']:.6f}",
            "encode_seconds": f"{done['seconds']:.2f}",
            "encode_cpu_seconds": f"{done['cpu_seconds']:.2f}",
            "decode_seconds": f"{decode_seconds:.2f}",
            "mask_differs": figures["mask_differs"],
            "met": "yes" if met else "no",
            "tool": self.rows.tool,
        }
        return {name: str(value) for name, value in row.items()}

    def measure_all(self, plan):
        """Everything that the report wants to know of one set and preset."""
        preset = plan.preset
        if self.options.restart:
            self.rows.forget(self.name, preset)
        for target in plan.targets:
            plain = self.row(preset, Goal("psnr", target))
            if plain is not None and plan.peaks is not None:
                self.row(preset, goals.for_peaks(plain, target, plan.peaks))
        for bound in plan.bounds:
            self.row(preset, Goal("max_error", bound))
        for ssim in plan.ssim:
            self.row(preset, Goal("ssim", ssim))


def kept_model(out, name, preset, goal):
    """Where the file of a row is, while it is measured and afterwards with --keep."""
    return out / "models" / f"{name}-{goal.codec(preset)}-{goal.setting()}.neuvol"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("tool", "inputs", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--sets", default="")
    goals.add_options(parser)
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    entries = json.loads((options.inputs / "sets.json").read_text())
    wanted = [name for name in options.sets.split(",") if name] or list(entries)
    options.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    for at, name in enumerate(wanted):
        print(f"{name} ({at + 1} of {len(wanted)})", file=sys.stderr)
        bench.open(name, entries[name])
        for plan in goals.plans(options):
            bench.measure_all(plan)
    if bench.failures:
        sys.exit(f"runs.py: {len(bench.failures)} failed:\n" + "\n".join(bench.failures.values()))


if __name__ == "__main__":
    main()
