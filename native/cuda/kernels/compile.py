"""Compiles the kernels of this folder for all architectures, the same bytes wherever it runs.

    compile.py --nvrtc DIR [--check] [--arch sm_86,sm_90] [--module grid] [--jobs N] [--cache DIR]

DIR of --nvrtc has a folder for each release (12.0, 12.8) that holds the unpacked wheels nvidia-cuda-nvrtc-cu12 and
nvidia-cuda-runtime-cu12. Each .cu file is a module; `binaries/MODULE.ARCH.zst` is its cubin (sm_..) or PTX (compute_..),
compressed with Zstandard, and `binaries/manifest.json` says what it was made of and what its kernels use.

Prints a table of registers, each with its ceiling in `ceilings.json`, of the bytes that are spilled or on the stack on all
architectures together, and of static shared memory. Nothing may be spilled, and no kernel may use more registers than its
ceiling. Without --check, kernels without a ceiling get one: what they use, rounded up to 8, within which registers cost
nothing. With --check nothing is written, and what is committed must be what is made now.

Exit codes: 0 all is well, 1 something is not, and stderr says what and what to do.
"""

import argparse
import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import sys

import zstandard

import gate
import nvrtc
from nvrtc import ARCHITECTURES, Failed

LEVEL = 19


def compile_all(folder, paths, archs, jobs, cache):
    """(module, architecture) to entry and code."""
    # The longest first, so that no processor is left with the longest at the end.
    def size(path):
        return sum(len(text) for text in nvrtc.sources(path).values())

    tasks = [(path, arch) for path in sorted(paths, key=size, reverse=True) for arch in archs]
    results, failures = {}, []
    # Processes: a release of NVRTC compiles one program at a time.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context) as pool:
        futures = {pool.submit(nvrtc.compiled, str(folder), path, arch, cache): (path.stem, arch) for path, arch in tasks}
        for future in concurrent.futures.as_completed(futures):
            module, arch = futures[future]
            try:
                entry, code, seconds = future.result()
            except Failed as failed:
                failures.append(str(failed))
                continue
            print(f"{module}.{arch}: {seconds:.1f} s, {len(code)} bytes", file=sys.stderr)
            results[module, arch] = entry, code
    if failures:
        raise Failed("\n".join(sorted(failures)))
    return {(path.stem, arch): results[path.stem, arch] for path in sorted(paths) for arch in archs}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(path, otherwise):
    return json.loads(path.read_text()) if path.is_file() else otherwise


def write(results, folder, whole):
    """The binaries and their manifest. What was not compiled in a run over a part stays as it is."""
    folder.mkdir(exist_ok=True)
    manifest = {"modules": {}} if whole else read_json(folder / "manifest.json", {"modules": {}})
    if whole:
        for file in folder.glob("*.zst"):
            file.unlink()
    for (module, arch), (entry, code) in results.items():
        packed = zstandard.ZstdCompressor(level=LEVEL).compress(code)
        (folder / f"{module}.{arch}.zst").write_bytes(packed)
        manifest["modules"].setdefault(module, {})[arch] = entry
    write_json(folder / "manifest.json", manifest)


def chosen(option, names, what):
    """The names of a list with commas, or all."""
    if option is None:
        return names
    words = option.split(",")
    for word in words:
        if word not in names:
            raise Failed(f"--{what} {word}: there are {', '.join(names)}")
    return [name for name in names if name in words]


def run(options):
    home = options.kernels
    paths = {path.stem: path for path in sorted(home.glob("*.cu"))}
    if not paths:
        raise Failed(f"{home} has no .cu file")
    archs = chosen(options.arch, list(ARCHITECTURES), "arch")
    modules = chosen(options.module, list(paths), "module")
    whole = len(archs) == len(ARCHITECTURES) and len(modules) == len(paths)
    results = compile_all(options.nvrtc, [paths[module] for module in modules], archs, options.jobs, options.cache)
    entries = {key: entry for key, (entry, _) in results.items()}
    committed = read_json(home / "ceilings.json", {})
    ceilings = committed if options.check else gate.with_ceilings(entries, committed)
    print("\n".join(gate.table(entries, ceilings)), flush=True)
    wrong = [*gate.kernels_twice(entries), *gate.broken(entries, ceilings)]
    if whole:
        wrong += gate.left_over(entries, ceilings)
    binaries = home / "binaries"
    if options.check:
        wrong += gate.different(entries, binaries, zstandard.ZstdDecompressor().decompress)
        if whole:
            wrong += gate.files_too_many(entries, binaries)
    if wrong:
        raise Failed("\n".join(wrong))
    if not options.check:
        write(results, binaries, whole)
        if ceilings != committed:
            write_json(home / "ceilings.json", ceilings)
            print("ceilings.json has ceilings for more kernels", file=sys.stderr)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nvrtc", type=pathlib.Path, required=True)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--arch", help="only these architectures")
    parser.add_argument("--module", help="only these modules")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="how many compile at once")
    parser.add_argument("--cache", type=pathlib.Path, help="keep what was compiled here, and take it from here")
    parser.add_argument("--kernels", type=pathlib.Path, default=pathlib.Path(__file__).parent, help="the folder of sources")
    try:
        run(parser.parse_args(arguments))
    except Failed as failed:
        print(f"compile.py: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
