"""Compiles every variant of the packages' shaders with three compilers, each of which must accept all of them.

    compile.py --slang DIR --dxc LIBRARY --out DIR

Against `include/`, our declarations of what the shaders use of Unity's libraries. DXC also compiles to DXIL, what Direct3D 12
takes. Writes the SPIR-V of DXC and of glslang, which the pictures are drawn with, and `passes.txt`, the state of each pass.
Exit codes: 0 all compiled, 1 something did not or a file is not as it should be; the text is on stderr.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import re
import sys
import time

import compilers
import shaderlab

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
CORE = ROOT / "bindings/shaders/NeuvolVolume.hlsl"
SHADERS = ROOT / "unity-package/Runtime/Shaders"
UNREAL = ROOT / "unreal-plugin/Shaders/Private"
COPIES = [SHADERS / "NeuvolVolume.hlsl", UNREAL / "NeuvolVolume.ush"]
FOLDERS = [HERE / "include", SHADERS, UNREAL]
STAGES = {"PS": "fragment", "CS": "compute"}

# The last two leave out variants for GPU instancing: only the matrices of objects are read from elsewhere there.
COMPILERS = ["DXC", "glslang", "DXC to DXIL", "Slang"]

# Of one worker process.
tools = {}


def begin(slang, dxc):
    tools.update({tool.name: tool for tool in [compilers.Dxc(dxc), compilers.Glslang(), compilers.Slang(slang)]})


def compile_one(job):
    """Compiles one variant with all compilers; gives what to write, seconds per compiler, and what failed."""
    name, stage, source, entry, definitions = job
    made, seconds, failures = {}, {}, []
    for kind in COMPILERS if "INSTANCING_ON" not in definitions else COMPILERS[:2]:
        tool = tools[kind.split()[0]]
        start = time.perf_counter()
        try:
            more = {"target": "dxil"} if "DXIL" in kind else {}
            code = tool.compile(source, FOLDERS, stage, entry, definitions, **more)
            if not more and not compilers.is_spirv(code):
                raise compilers.Failed("what came out is not SPIR-V")
            made[kind] = code
        except compilers.Failed as failed:
            failures.append(f"{kind}: {name}\n{failed}")
        seconds[kind] = time.perf_counter() - start
    return name, made, seconds, failures


def jobs(passes):
    """Name, stage, source, entry point and definitions of all there is to compile."""
    for program in passes:
        for stage in ("vertex", "fragment"):
            for name, source, entry, definitions in program.variants(stage):
                yield name, stage, source, entry, definitions
    for path in sorted(SHADERS.glob("*.compute")):
        source, names = shaderlab.kernels(path)
        for name in names:
            yield f"{path.stem}-compute-{name}", "compute", source, name, []
    for path in sorted(UNREAL.glob("*.usf")):
        # Unreal's own files begin with a slash, which would be the root of the disk here.
        source = path.read_text().replace('#include "/', '#include "')
        for entry, kind in re.findall(r"^void (Main(PS|CS))\(", source, re.M):
            for mode in range(3):
                for lit in range(2):
                    name = f"{path.stem}-unreal-{STAGES[kind]}-{mode}-{lit}"
                    yield name, STAGES[kind], source, entry, [f"NEUVOL_UNREAL_MODE={mode}", f"NEUVOL_UNREAL_LIT={lit}"]
    host = (HERE / "other_host.hlsl").read_text()
    for mode in [[], ["NEUVOL_MODE_MIP"], ["NEUVOL_MODE_ISO"]]:
        for lit in [[], ["NEUVOL_LIT"]]:
            yield "-".join(["core", *mode, *lit]), "compute", host, "Main", [*mode, *lit]


def check_files(paths):
    """What compilers do not see."""
    core = CORE.read_bytes()
    for copy in COPIES:
        if not copy.exists() or copy.read_bytes() != core:
            yield f"{copy.relative_to(ROOT)} is not a copy of {CORE.relative_to(ROOT)}: `cargo xtask rendering --write` writes it"
    declared = set(re.findall(r"^float4? (_Neuvol\w+);", (SHADERS / "NeuvolUnity.hlsl").read_text(), re.M))
    for path in paths:
        missing = declared - set(shaderlab.properties(path))
        if missing:
            yield f"{path.name}: without these properties Unity does not batch its materials: {', '.join(sorted(missing))}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slang", type=pathlib.Path, required=True)
    parser.add_argument("--dxc", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    paths = sorted(SHADERS.glob("*.shader"))
    failures = list(check_files(paths))
    passes = [program for path in paths for program in shaderlab.passes(path)]
    for folder in ("dxc", "glslang"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    state = [f"{p.path.stem}-{p.pipeline} " + ", ".join(f"{k} {v}" for k, v in p.state.items()) for p in passes]
    (options.out / "passes.txt").write_text("\n".join(state) + "\n")
    counts, seconds = collections.Counter(), collections.Counter()
    work = list(jobs(passes))
    begin(options.slang, options.dxc)
    with concurrent.futures.ProcessPoolExecutor(2, initializer=begin, initargs=(options.slang, options.dxc)) as pool:
        for name, made, times, failed in pool.map(compile_one, work, chunksize=4):
            failures += failed
            seconds.update(times)
            for kind, code in made.items():
                counts[kind] += 1
                if kind in ("DXC", "glslang"):
                    (options.out / kind.lower() / f"{name}.spv").write_bytes(code)
    for failure in failures:
        print(f"compile.py: {failure}", file=sys.stderr)
    groups = collections.Counter(re.match(r"[^-]+(-(builtin|urp|unreal))?(-(vertex|fragment|compute))?", job[0]).group() for job in work)
    for group, count in groups.items():
        print(f"  {count:4} variants of {group}")
    for kind, count in counts.items():
        tool = tools[kind.split()[0]]
        print(f"{tool.name} {tool.version}{kind[len(tool.name):]}: {count} of {len(work)} variants compiled, {seconds[kind]:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
