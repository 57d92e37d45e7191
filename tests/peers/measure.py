"""Times the same networks in PyTorch and, where it is installed, in tiny-cuda-nn, on as many voxels as our decoders.

    measure.py --networks DIR [--device cuda] [--voxels large] [--repeat 50] [--eager] [--tiny-cuda-nn PROGRAM] [--out FILE.json]

DIR holds the files that `export_networks` writes. Every network is first compared with the oracle's values in 32-bit floats
(a difference of 1e-3 of their range is an error), then timed in 16-bit floats, the way a careful user would run it: eager and
compiled, written in several ways, in chunks of several sizes; the fastest counts. Times are those of CUDA events, the median
of --repeat runs after warming up, with a cold L2 cache: before each run a buffer twice as large is written. On the CPU they
are of the clock, in 32-bit floats, and only show that everything works.

`--voxels large` are 225 bricks of 64³ (59 million), `small` are 2. tiny-cuda-nn is a program made of `tiny_cuda_nn.cu`. Exit
codes: 0 all was measured or said to be missing, 1 a network gives other values than the oracle.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import torch

import networks

BRICKS = {"large": 225, "small": 2}
# Bricks at once. All at once need up to 25 GB of memory.
CHUNKS = [8, 32, 225]
TOLERANCE = {torch.float32: 1e-3, torch.float16: 2e-2}
# Runs to find the fastest way.
TRIALS = 5


class Clock:
    """Times a function on a device, with a cold cache."""

    def __init__(self, device):
        self.cuda = device.type == "cuda"
        if self.cuda:
            cache = torch.cuda.get_device_properties(device).L2_cache_size
            self.flush = torch.empty(2 * max(cache, 32 << 20), dtype=torch.uint8, device=device)

    def median(self, work, repeat):
        """Seconds."""
        for _ in range(min(3, repeat)):
            work()
        return statistics.median(self.once(work) for _ in range(repeat))

    def once(self, work):
        if not self.cuda:
            start = time.perf_counter()
            work()
            return time.perf_counter() - start
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        self.flush.zero_()
        start.record()
        work()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1e3


def difference(file, result):
    """Largest difference from the oracle in any brick, as a share of the values' range."""
    expected = file.tensor("expected").to(result.device)
    return float((result.float() - expected).abs().max() / (expected.max() - expected.min()))


def run(module, call, chunk, out):
    """All bricks, `chunk` at once."""
    for first in range(0, len(out), chunk):
        bricks = slice(first, first + chunk)
        out[bricks] = call(module.inputs(bricks))


def measured(file, options, device, clock, dtype, compiled):
    """The row of the fastest way, or why there is none."""
    row = {"peer": f"PyTorch {torch.__version__} {'compiled' if compiled else 'eager'}", "model": file.name}
    row |= {"variant": str(dtype).removeprefix("torch."), "bricks": options.bricks}
    best, errors = None, []
    out = torch.empty(options.bricks, *file.extent(), dtype=dtype, device=device)
    for name, module in networks.variants(file, options.bricks).items():
        module = module.to(device, dtype).requires_grad_(False)
        call = torch.compile(module.forward) if compiled else module.forward
        for chunk in sorted({min(chunk, options.bricks) for chunk in CHUNKS}):
            try:
                work = lambda: run(module, call, chunk, out)  # noqa: B023, E731: called before the next one
                seconds = clock.median(work, min(TRIALS, options.repeat))
                error = difference(file, out)
                if best is None or seconds < best[0]:
                    best = seconds, work, error, f"{name}, {chunk} bricks at once"
                    seconds = clock.median(work, options.repeat)
                    best = seconds, *best[1:]
            except torch.OutOfMemoryError:
                errors.append(f"{name}, {chunk} bricks at once: out of memory")
            except Exception as error:  # noqa: BLE001: the compiler fails in many ways, without a host compiler for one
                errors.append(f"{name}: {str(error).splitlines()[0]}")
                break
    if best is None:
        return row | {"not_run": "; ".join(dict.fromkeys(errors))}
    seconds, _, error, way = best
    voxels = options.bricks * out[0].numel()
    return row | {"way": way, "median_us": 1e6 * seconds, "gvoxels_per_s": voxels / seconds / 1e9, "error": error}


def tiny_cuda_nn(options):
    """The rows of the program, or one that says why there are none."""
    row = {"peer": "tiny-cuda-nn", "model": "all"}
    program = options.tiny_cuda_nn
    if program is None:
        return [row | {"not_run": "no --tiny-cuda-nn PROGRAM (see README.md beside this script)"}]
    if options.device != "cuda":
        return [row | {"not_run": "it needs a GPU"}]
    words = [str(program), "--networks", str(options.networks), "--bricks", str(options.bricks)]
    done = subprocess.run([*words, "--repeat", str(options.repeat)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return [row | {"not_run": f"{program.name} failed: {said}"}]
    return json.loads(done.stdout)


def shown(row):
    """A row as Markdown."""
    head = f"| {row['peer']} | {row['model']} | {row.get('variant', '-')} |"
    if "not_run" in row:
        return f"{head} not run: {row['not_run']} | - | - | - |"
    return f"{head} {row['way']} | {row['median_us']:.0f} | {row['gvoxels_per_s']:.3f} | {row['error']:.1e} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=pathlib.Path, required=True)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--voxels", choices=sorted(BRICKS), default="large")
    parser.add_argument("--repeat", type=int, default=50)
    parser.add_argument("--eager", action="store_true", help="leave out what torch.compile makes")
    parser.add_argument("--tiny-cuda-nn", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    options.bricks = BRICKS[options.voxels]
    device = torch.device(options.device)
    if options.device == "cuda" and not torch.cuda.is_available():
        print("measure.py: PyTorch finds no CUDA device (--device cpu compares without one)", file=sys.stderr)
        return 1
    files = [networks.File(path) for path in sorted(options.networks.glob("*.safetensors"))]
    if not files:
        print(f"measure.py: {options.networks} has no .safetensors file", file=sys.stderr)
        return 1
    torch.backends.cudnn.benchmark = True
    clock = Clock(device)
    rows, wrong = [], []
    print("| peer | model | variant | way | median µs | Gvoxel/s | largest error / range |")
    print("|---|---|---|---|---|---|---|")

    def add(row):
        rows.append(row)
        print(shown(row), flush=True)

    with torch.inference_mode():
        for file in files:
            for name, module in networks.variants(file, 1).items():
                module = module.to(device)
                error = difference(file, module(module.inputs(slice(0, 1))))
                if not error <= TOLERANCE[torch.float32]:
                    wrong.append(f"{file.name} ({name}) is {error:.1e} of the range from the oracle in 32-bit floats")
        if not wrong:
            for file in files:
                for compiled in [False] if options.eager else [False, True]:
                    dtype = torch.float16 if clock.cuda else torch.float32
                    add(measured(file, options, device, clock, dtype, compiled))
                    torch._dynamo.reset()
                    if rows[-1].get("error", 0) > TOLERANCE[dtype]:
                        wrong.append(f"{rows[-1]['peer']} gives other values for {file.name}")
            for row in tiny_cuda_nn(options):
                add(row)
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n")
    for text in wrong:
        print(f"measure.py: {text}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
