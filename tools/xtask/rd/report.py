"""Writes report.md and the plots from rd.csv: our rows beside what the peers need for the same quality.

    report.py --out DIR --sets a,b --presets default,best:40 --targets 35,40 --bounds 0.02 --ssim 0.98 --peaks 0.05
              --tool PROGRAM [--peers DIR] [--machine JSON] [--readme FILE]

Exit code 1 if a target is unmet, was not measured, or a mask differs. --readme replaces what stands between the markers
`<!-- rd:begin -->` and `<!-- rd:end -->` of FILE, if they are there.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys

import goals
import peers
from goals import Goal
from neuvol_tool import version
from words import measured_on, percent, size, table, yes

BEGIN, END = "<!-- rd:begin -->", "<!-- rd:end -->"


# ---------------------------------------------------------------- cells


def needed(need):
    return "-" if need is None else f"{need.codec} {bounded(need)}"


def bounded(need):
    return f"{need.bound} {size(need.bytes)}".strip()


def ratio(need, ours):
    return "-" if need is None else f"{need.bound} {need.bytes / ours:.2f}".strip()


def medians(pairs):
    """Text for [(need, our bytes)]: the median of the ratios that exist, and how many of them are only bounds."""
    ratios = [(need.bytes / ours, need.bound) for need, ours in pairs if need is not None]
    if not ratios:
        return "-"
    text = f"{statistics.median(value for value, _ in ratios):.2f} ({len(ratios)} sets"
    for bound in ("<=", ">="):
        count = sum(found == bound for _, found in ratios)
        text += f", {count} of them {bound}" if count else ""
    return text + ")"


def encode_cells(row):
    cpu, voxels = float(row["encode_cpu_seconds"]), math.prod(map(int, row["shape"].split("x")))
    return [f"{float(row['encode_seconds']):.1f} ({cpu:.1f})", f"{1e6 * cpu / voxels:.1f}"]


# ---------------------------------------------------------------- the tables


class Report:
    """The rows of one preset and the peers' rows, and which targets were missed."""

    def __init__(self, rows, peer_sets, sets, plan):
        self.rows, self.peers, self.sets, self.plan, self.preset = rows, peer_sets, sets, plan, plan.preset
        self.missed = []

    def row(self, dataset, goal):
        row = self.rows.get(dataset, self.preset, goal)
        if row is None:
            self.missed.append(f"{dataset}, {self.preset}, {goal.text()}: not measured")
        return row

    def check(self, row, what):
        """Whether the row's own target and its mask are right; notes it if not."""
        good = row["met"] == "yes" and row["mask_differs"] == "0"
        if not good:
            masks = "" if row["mask_differs"] == "0" else f", {row['mask_differs']} masked voxels differ"
            self.miss(row, what + masks)
        return good

    def miss(self, row, what):
        self.missed.append(f"{row['dataset']}, {self.preset}, {what}: {row['psnr_db']} dB, SSIM {row['ssim_all']}, "
                           f"largest error {percent(row['max_rel_err'], 3)}, peaks {percent(row['peak_top'], 1, '+')}")

    def best(self, codecs, dataset, metric, row, loss=None):
        """The best peer at the row's own measured quality."""
        return peers.best(codecs, self.peers.get(dataset, {}), metric, peers.METRICS[metric](row), loss)

    def both(self, dataset, metric, row, loss=None):
        return [self.best(codecs, dataset, metric, row, loss) for codecs in (peers.CLASSICAL, peers.X265)]

    def closing(self, before):
        return f"\nEvery target met: {yes(len(self.missed) == before)}\n"

    def median_lines(self, pairs, name="{:g} dB"):
        """`pairs`: {target: [(classical need, x265 need, our bytes)]}."""
        text = ""
        for target, found in pairs.items():
            classical, x265 = ([(triple[i], triple[2]) for triple in found] for i in (0, 1))
            text += f"\nMedian ratio at {name.format(target)}: classical / ours {medians(classical)}, "
            text += f"x265 / ours {medians(x265)}.\n"
        return text

    def psnr(self):
        lines, pairs, before = [], {}, len(self.missed)
        for dataset in self.sets:
            for target in self.plan.targets:
                goal = Goal("psnr", target)
                row = self.row(dataset, goal)
                if row is None:
                    lines.append([dataset, goal.text(), "not measured"] + ["-"] * 10)
                    continue
                good, ours = self.check(row, goal.text()), float(row["bytes"])
                classical, x265 = self.both(dataset, "psnr", row)
                pairs.setdefault(target, []).append((classical, x265, ours))
                lines.append([
                    dataset, goal.text(), size(ours), f"{float(row['psnr_db']):.2f}", f"{float(row['ssim_all']):.4f}",
                    percent(row["max_rel_err"]), percent(row["peak_top"], 1, "+"), needed(classical), needed(x265),
                    ratio(classical, ours), ratio(x265, ours), *encode_cells(row), yes(good),
                ])
        heads = ["data", "target", "ours", "PSNR dB", "SSIM", "largest error", "peak_top", "best classical",
                 "best x265", "classical / ours", "x265 / ours", "encode s (CPU)", "µs/voxel", "met"]
        return table(heads, lines) + self.median_lines(pairs) + self.closing(before)

    def peaks(self):
        loss, lines, pairs, before = self.plan.peaks, [], {}, len(self.missed)
        for dataset in self.sets:
            for target in self.plan.targets:
                plain = self.rows.get(dataset, self.preset, Goal("psnr", target))
                goal = Goal("peaks", target, loss) if plain is None else goals.for_peaks(plain, target, loss)
                row = self.row(dataset, goal)
                if plain is None or row is None:
                    lines.append([dataset, f"{target:g} dB", "not measured"] + ["-"] * 8)
                    continue
                good, ours = self.check(row, goal.text()), float(row["bytes"])
                # The peers have to reach what the target alone gave, and keep the peaks.
                classical, x265 = self.both(dataset, "psnr", plain, loss)
                pairs.setdefault(target, []).append((classical, x265, ours))
                lines.append([
                    dataset, f"{target:g} dB", size(ours), "target alone" if row is plain else "--keep-peaks",
                    f"{float(row['psnr_db']):.2f}", percent(row["peak_top"], 1, "+"), needed(classical), needed(x265),
                    ratio(classical, ours), ratio(x265, ours), yes(good),
                ])
        heads = ["data", "target", "ours", "kept by", "PSNR dB", "peak_top", "best classical", "best x265",
                 "classical / ours", "x265 / ours", "met"]
        return table(heads, lines) + self.median_lines(pairs) + self.closing(before)

    def bounds(self):
        lines, before, ratios = [], len(self.missed), {}
        for dataset in self.sets:
            for bound in self.plan.bounds:
                goal = Goal("max_error", bound)
                row = self.row(dataset, goal)
                if row is None:
                    lines.append([dataset, goal.text(), "not measured"] + ["-"] * 7)
                    continue
                good, ours = self.check(row, f"largest error {goal.text()}"), float(row["bytes"])
                error, theirs = peers.METRICS["max_error"](row), self.peers.get(dataset, {})
                needs = [peers.need_or_more(name, theirs.get(name, []), "max_error", error) for name in peers.BOUNDED]
                # The least of them is a true bound, whichever of them are bounds from below.
                least = min((need for need in needs if need), key=lambda need: need.bytes, default=None)
                ratios.setdefault(bound, []).append((least, ours))
                cells = ["-" if need is None else bounded(need) for need in needs]
                lines.append([dataset, goal.text(), size(ours), percent(row["max_rel_err"], 3),
                              f"{float(row['psnr_db']):.2f}", *cells, ratio(least, ours), yes(good)])
        heads = ["data", "bound", "ours", "largest error", "PSNR dB", *peers.BOUNDED, "best / ours", "met"]
        text = table(heads, lines)
        for bound, pairs in ratios.items():
            text += f"\nMedian ratio at {100 * bound:g} %: best / ours {medians(pairs)}.\n"
        return text + self.closing(before)

    def ssim(self):
        lines, before, ratios = [], len(self.missed), {}
        for dataset in self.sets:
            for wanted in self.plan.ssim:
                goal = Goal("ssim", wanted)
                row = self.row(dataset, goal)
                if row is None:
                    lines.append([dataset, f"{wanted:g}", "not measured"] + ["-"] * 8)
                    continue
                good, ours = self.check(row, goal.text()), float(row["bytes"])
                classical, x265 = self.both(dataset, "ssim", row)
                ratios.setdefault(wanted, []).append((classical, x265, ours))
                lines.append([
                    dataset, f"{wanted:g}", size(ours), f"{float(row['ssim_all']):.4f}", f"{float(row['ssim']):.4f}",
                    f"{float(row['psnr_db']):.2f}", needed(classical), needed(x265), ratio(classical, ours),
                    ratio(x265, ours), yes(good),
                ])
        heads = ["data", "target", "ours", "SSIM", "SSIM as the peers'", "PSNR dB", "best classical", "best x265",
                 "classical / ours", "x265 / ours", "met"]
        return table(heads, lines) + self.median_lines(ratios, "SSIM {:g}") + self.closing(before)

    def text(self):
        text = f"\n## Preset {self.preset}\n"
        if self.plan.targets:
            text += "\n### PSNR\n\nPeers at our measured PSNR.\n\n" + self.psnr()
        if self.plan.targets and self.plan.peaks is not None:
            text += (
                f"\n### PSNR, and the top 0.1 % of the voxels lose at most {percent(self.plan.peaks, 0)}\n\n"
                "Where the target alone loses more, ours is the file for the same target with `--keep-peaks`. Peers: "
                "the PSNR that we measured for the target alone, and the same condition.\n\n" + self.peaks()
            )
        if self.plan.bounds:
            text += "\n### Largest error, as a share of the range\n\nPeers at our measured largest error.\n\n"
            text += self.bounds()
        if self.plan.ssim:
            text += (
                "\n### SSIM\n\nPeers at our measured SSIM as their rows define it (`ssim`: the first and the last "
                "step, masked voxels filled).\n\n" + self.ssim()
            )
        return text

    def short(self):
        """The table for README.md."""
        target = self.plan.headline()
        lines, pairs = [], []
        for dataset in self.sets:
            row = self.rows.get(dataset, self.preset, Goal("psnr", target))
            if row is None:
                continue
            ours = float(row["bytes"])
            classical, x265 = self.both(dataset, "psnr", row)
            pairs.append((classical, x265, ours))
            lines.append([dataset, row["shape"].replace("x", " × "), f"{float(row['psnr_db']):.2f}", size(ours),
                          needed(classical), needed(x265), ratio(classical, ours), ratio(x265, ours),
                          encode_cells(row)[0]])
        heads = ["data", "grid", "PSNR dB", "Neuvol", "best classical", "best x265", "classical / Neuvol",
                 "x265 / Neuvol", "encode s (CPU)"]
        return table(heads, lines) + self.median_lines({target: pairs})


# ---------------------------------------------------------------- the whole


def replaced(text, block):
    """`text` with what stands between the markers replaced; None if it does not have both, in order."""
    before, found, rest = text.partition(BEGIN)
    _, closed, after = rest.partition(END)
    return f"{before}{BEGIN}\n{block.strip()}\n{END}{after}" if found and closed else None


def comparable(peer_sets, rows, sets):
    """The peers' rows of sets that are the same as ours, and words about those that are not."""
    good, notes = {}, []
    for dataset in sets:
        ours = next((row for row in rows.rows.values() if row["dataset"] == dataset), None)
        theirs = next(iter(peer_sets.get(dataset, {}).values()), None)
        if ours is None or theirs is None:
            continue
        if (theirs[0]["shape"], int(theirs[0]["raw_bytes"])) == (ours["shape"], int(ours["raw_bytes"])):
            good[dataset] = peer_sets[dataset]
        else:
            grids = f"({theirs[0]['shape']}) than ours ({ours['shape']})"
            notes.append(f"{dataset}: the peers' rows are of another grid {grids}")
    return good, notes


def preamble(options, machine):
    lines = [
        "# Rate and distortion beside the peers",
        f"Written by `cargo xtask rd`, tool {options.tool}. Every figure is measured on the decoded file by "
        "`tests/independent/measure.py`, which defines them; bytes are those of the whole file, mask included.",
        "The peers' bytes are interpolated log-linearly between their measured rows; \"<=\": the peer's smallest "
        "measured file is already better, so that it may need less; \">=\": its largest is still worse, so that it "
        "needs more. Ratios are peer / ours: above 1, ours is smaller. "
        f"Classical: the best of {', '.join(peers.CLASSICAL)}; x265: the better of {', '.join(peers.X265)}.",
        "SSIM: the mean of all steps (`ssim_all`). peak_top: mean error of the top 0.1 % of the voxels; negative = "
        "lost. Encode seconds are elapsed time, in brackets the CPU time of all threads; µs/voxel are of CPU time.",
    ]
    if machine:
        lines.append(f"{measured_on(machine)} (rows of an earlier run of the same tool are kept).")
    return "\n\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    for name in ("sets", "tool"):
        parser.add_argument(f"--{name}", required=True)
    goals.add_options(parser)
    parser.add_argument("--peers", type=pathlib.Path)
    parser.add_argument("--machine", type=json.loads)
    parser.add_argument("--readme", type=pathlib.Path)
    options = parser.parse_args()
    options.tool = version(options.tool)
    sets = options.sets.split(",")
    rows = goals.Rows(options.out / "rd.csv", options.tool)
    peer_sets, notes = {}, []
    if options.peers:
        peer_sets, notes = comparable(peers.read(options.peers / "rd_dev.csv"), rows, sets)
    reports = [Report(rows, peer_sets, sets, plan) for plan in goals.plans(options)]
    text = preamble(options, options.machine) + "".join(f"\n{note}.\n" for note in notes)
    text += "".join(report.text() for report in reports)
    missed = list(dict.fromkeys(miss for report in reports for miss in report.missed))
    if missed:
        text += "\n## Unmet\n\n" + "".join(f"- {miss}\n" for miss in missed)
    (options.out / "report.md").write_text(text)
    print(text)
    if options.readme and reports[0].plan.targets:
        new = replaced(options.readme.read_text(), reports[0].short())
        if new is None:
            print(f"report.py: {options.readme.name} has no {BEGIN} and {END}: left as it is", file=sys.stderr)
        else:
            options.readme.write_text(new)
    import plots

    plots.draw(options.out / "plots", rows, peer_sets, sets)
    if missed:
        sys.exit(f"report.py: {len(missed)} targets unmet:\n" + "\n".join(missed))


if __name__ == "__main__":
    main()
