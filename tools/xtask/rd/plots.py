"""One picture for each set: PSNR, SSIM and the largest error over the bytes of the file, ours and the peers'."""

import math

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

import peers  # noqa: E402

PEER_COLOURS = ["#1f77b4", "#2ca02c", "#17becf", "#98df8a", "#9467bd", "#7f7f7f", "#ff7f0e", "#ffbb78"]
COLOURS = dict(zip([*peers.CLASSICAL, *peers.X265], PEER_COLOURS))
OURS = ["#d62728", "#8c564b", "#e377c2", "#000000", "#f7b6d2", "#bcbd22", "#c49c94", "#393b79"]
PANELS = [
    ("PSNR (dB)", "psnr", (25, 75), None),
    ("SSIM", "ssim", (0, 4), [0, 0.9, 0.98, 0.99, 0.999, 0.9999]),
    ("largest error / range", "max_error", (0, 4), [1, 0.1, 0.02, 0.005, 0.001, 0.0001]),
]


def draw(folder, rows, peer_sets, sets):
    """Writes rd_SET.png for every set that has rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for dataset in sets:
        curves = {}
        for row in rows.rows.values():
            if row["dataset"] == dataset:
                curves.setdefault(row["codec"], []).append(row)
        if curves:
            draw_set(folder / f"rd_{dataset}.png", dataset, curves, peer_sets.get(dataset, {}))


def draw_set(path, dataset, ours, theirs):
    figure, panels = plt.subplots(1, len(PANELS), figsize=(15, 4.8))
    for panel, (label, metric, limits, ticks) in zip(panels, PANELS):
        for codec, colour in COLOURS.items():
            line(panel, codec, theirs.get(codec, []), metric, color=colour, lw=1, ms=3)
        for number, (codec, rows) in enumerate(sorted(ours.items())):
            line(panel, codec, rows, metric, color=OURS[number % len(OURS)], lw=2.2, ms=5)
        panel.set_xscale("log")
        panel.set_xlabel("bytes of the file")
        panel.set_ylabel(label)
        panel.set_ylim(*limits)
        if ticks:
            values = [-math.log10(max(1 - tick, 1e-6)) if metric == "ssim" else -math.log10(tick) for tick in ticks]
            panel.set_yticks(values, [f"{tick:g}" for tick in ticks])
        panel.grid(alpha=0.3)
    panels[0].legend(fontsize=7)
    shape = next(iter(ours.values()))[0]["shape"]
    figure.suptitle(f"{dataset}  {shape.replace('x', ' × ')}")
    figure.tight_layout()
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)


def line(panel, label, rows, metric, **style):
    points = sorted((float(row["bytes"]), min(peers.METRICS[metric](row), 100)) for row in rows)
    if points:
        panel.plot(*zip(*points), marker="o", label=label, **style)
