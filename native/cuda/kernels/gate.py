"""What compiled kernels must keep to, and whether what is committed is what the sources make."""

import hashlib
import json

SHARED = 48 * 1024
# Registers are given to warps in lots of this many a thread: within one lot, more cost nothing.
LOT = 8
AGAIN = "run `cargo xtask kernels` and commit what it writes"


def broken(entries, ceilings):
    """What is wrong with compiled modules, one text each. `entries` is (module, architecture) to the manifest's entry."""
    for (module, arch), entry in sorted(entries.items()):
        for kernel, used in entry["kernels"].items():
            if not used:
                # PTX: registers are given by the driver.
                continue
            what = f"{module}.cu: {kernel} for {arch}"
            if used["spill_stores"] or used["spill_loads"]:
                yield (
                    f"{what} spills {used['spill_stores']} bytes of stores and {used['spill_loads']} of loads to local "
                    "memory (ceiling 0): let it have more registers (__launch_bounds__) or keep fewer values alive"
                )
            if used["stack"]:
                yield (
                    f"{what} has {used['stack']} bytes of stack (ceiling 0): an array is indexed by what the compiler "
                    "does not know (unroll the loop), or a function is not inlined (__forceinline__)"
                )
            if used["shared"] > SHARED:
                yield (
                    f"{what} has {used['shared']} bytes of static shared memory (ceiling {SHARED}): take them at the "
                    "launch, as dynamic shared memory"
                )
            ceiling = ceilings.get(kernel, {}).get(arch)
            if ceiling is None:
                yield f"{what} uses {used['registers']} registers and has no ceiling in ceilings.json: {AGAIN}"
            elif used["registers"] > ceiling:
                yield (
                    f"{what} uses {used['registers']} registers (ceiling {ceiling}): use fewer, or raise the ceiling in "
                    "ceilings.json in the same commit and say there why it pays"
                )


def with_ceilings(entries, ceilings):
    """The ceilings, with one for each kernel that had none: its registers, rounded up to a lot."""
    result = {kernel: dict(archs) for kernel, archs in ceilings.items()}
    for (_, arch), entry in entries.items():
        for kernel, used in entry["kernels"].items():
            if used:
                registers = -(-used["registers"] // LOT) * LOT
                result.setdefault(kernel, {}).setdefault(arch, registers)
    return result


def kernels_twice(entries):
    """Kernels have one name in all modules: ceilings and messages go by it."""
    seen = {}
    for module, arch in entries:
        for kernel in entries[module, arch]["kernels"]:
            if seen.setdefault(kernel, module) != module:
                yield f"{kernel} is in {seen[kernel]}.cu and in {module}.cu: give one of them another name"


def left_over(entries, ceilings):
    """Ceilings of what is not there. Only for a run over all modules and architectures."""
    there = {(kernel, arch) for (_, arch), entry in entries.items() for kernel in entry["kernels"]}
    for kernel, archs in sorted(ceilings.items()):
        for arch in archs:
            if (kernel, arch) not in there:
                yield f"ceilings.json has a ceiling for {kernel} and {arch}, which is not compiled: remove it"


def different(entries, folder, decompress):
    """What is committed in `folder` and is not what was compiled."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        yield f"{path.name} is not there: {AGAIN}"
        return
    for (module, arch), made in sorted(entries.items()):
        name = f"{module}.{arch}"
        said = manifest["modules"].get(module, {}).get(arch)
        if said is None:
            yield f"{path.name} does not name {name}: {AGAIN}"
            continue
        if said["source_sha256"] != made["source_sha256"]:
            yield f"{name} was compiled from other sources (or options) than are here: {AGAIN}"
        else:
            for key in sorted(made):
                if said.get(key) != made[key]:
                    yield (
                        f"{name}: {key} is {shown(said.get(key))} in {path.name}, but {shown(made[key])} when compiled "
                        f"from the same sources: {AGAIN}"
                    )
        file = folder / f"{name}.zst"
        if not file.is_file():
            yield f"{file.name} is not there: {AGAIN}"
            continue
        try:
            code = decompress(file.read_bytes())
        except Exception as error:  # noqa: BLE001, whatever the decompressor raises
            yield f"{file.name} cannot be decompressed ({error}): {AGAIN}"
            continue
        if hashlib.sha256(code).hexdigest() != said["code_sha256"]:
            yield f"{file.name} holds other code than {path.name} says: {AGAIN}"


def shown(value):
    text = json.dumps(value)
    return text if len(text) <= 100 else text[:97] + "..."


def files_too_many(entries, folder):
    """Files and entries of modules that are not compiled. Only for a run over all modules and architectures."""
    wanted = {f"{module}.{arch}.zst" for module, arch in entries}
    for file in sorted(folder.glob("*.zst")):
        if file.name not in wanted:
            yield f"binaries/{file.name} is made of no source: remove it"
    path = folder / "manifest.json"
    modules = json.loads(path.read_text())["modules"] if path.is_file() else {}
    for module, archs in modules.items():
        for arch in archs:
            if (module, arch) not in entries:
                yield f"manifest.json names {module}.{arch}, which is made of no source: {AGAIN}"


def table(entries, ceilings):
    """Registers of each kernel and architecture, with the ceiling, and what is spilled where something is."""
    archs = list(dict.fromkeys(arch for _, arch in entries if arch.startswith("sm_")))
    rows = {}
    for (module, arch), entry in entries.items():
        for kernel, used in entry["kernels"].items():
            row = rows.setdefault((module, kernel), {})
            if used:
                spilled = used["spill_stores"] + used["spill_loads"] + used["stack"]
                row[arch] = f"{used['registers']}/{ceilings.get(kernel, {}).get(arch, '-')}"
                row["shared"] = str(used["shared"])
                row["spills"] = str(int(row.get("spills", 0)) + spilled)
    columns = ["module", "kernel", *archs, "spills", "shared"]
    lines = [columns] + [
        [module, kernel, *(row.get(column, "-") for column in columns[2:])] for (module, kernel), row in sorted(rows.items())
    ]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    for line in lines:
        cells = [cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths))]
        yield "  ".join(cells).rstrip()
