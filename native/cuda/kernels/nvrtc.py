"""NVRTC, NVIDIA's compiler of CUDA C++, called through its library: no driver, no GPU and no host compiler are needed."""

import ctypes
import functools
import hashlib
import pathlib
import pickle
import re
import struct
import time

HERE = pathlib.Path(__file__).parent
# Architecture to the release of NVRTC that compiles for it. The oldest one that can: a driver of the same major release
# reads what it writes. PTX of CUDA 12.0 is ISA 8.0, which every driver from 525 on compiles for GPUs without a cubin.
ARCHITECTURES = {
    "sm_75": "12.0",
    "sm_86": "12.0",
    "sm_89": "12.0",
    "sm_90": "12.0",
    "sm_120": "12.8",
    "compute_75": "12.0",
}
PTX_VERSION = "8.0"
OPTIONS = ["--std=c++17", "--ptxas-options=-v"]
INCLUDED = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


class Failed(Exception):
    """Something that must be put right; the message says what."""


def sources(path):
    """The module and the headers of its own folder that it includes: name to bytes, the module first."""
    found, waiting = {}, [path.name]
    while waiting:
        name = waiting.pop(0)
        file = path.parent / name
        # Not in this folder: the compiler says so if it comes to that line.
        if name in found or not file.is_file():
            continue
        found[name] = file.read_bytes()
        waiting += [match.decode() for match in INCLUDED.findall(found[name])]
    return found


def hash_of_sources(files):
    """One SHA-256 of all names and bytes, and of what else decides about the code: the options."""
    hasher = hashlib.sha256(repr(OPTIONS).encode())
    for name in sorted(files):
        hasher.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return hasher.hexdigest()


class Nvrtc:
    """One release."""

    def __init__(self, folder):
        """`folder` is where the wheels nvidia-cuda-nvrtc and nvidia-cuda-runtime were unpacked."""
        found = sorted(folder.glob("nvidia/cuda_nvrtc/lib/libnvrtc.so.*"))
        self.include = folder / "nvidia/cuda_runtime/include"
        if not found or not (self.include / "cuda_fp16.h").is_file():
            raise Failed(f"{folder} does not hold NVRTC and the CUDA headers")
        self.library = ctypes.CDLL(str(found[0]))
        self.library.nvrtcGetErrorString.restype = ctypes.c_char_p

    def call(self, name, *arguments):
        result = getattr(self.library, name)(*arguments)
        if result != 0:
            raise Failed(f"{name}: {self.library.nvrtcGetErrorString(result).decode()}")

    def text(self, program, what):
        """What NVRTC holds of a program under this name, as bytes."""
        size = ctypes.c_size_t()
        self.call(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self.call(f"nvrtcGet{what}", program, buffer)
        return buffer.raw

    def compile(self, files, arch):
        """Code and messages for one architecture. The first of `files` is the module.

        Names of files have no folder and the headers are handed over in memory, so nothing of where this runs gets into
        the code.
        """
        (name, text), *headers = files.items()
        names = (ctypes.c_char_p * len(headers))(*[header.encode() for header, _ in headers])
        texts = (ctypes.c_char_p * len(headers))(*[content for _, content in headers])
        program = ctypes.c_void_p()
        self.call(
            "nvrtcCreateProgram", ctypes.byref(program), text, name.encode(), len(headers), texts, names
        )
        try:
            options = [*OPTIONS, f"--gpu-architecture={arch}", f"--include-path={self.include}"]
            if not arch.startswith("sm_"):
                options.remove("--ptxas-options=-v")
            words = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
            result = self.library.nvrtcCompileProgram(program, len(options), words)
            said = self.text(program, "ProgramLog").rstrip(b"\0").decode()
            if result != 0 or "warning" in said:
                raise Failed(f"{name} for {arch}:\n{said}")
            if arch.startswith("sm_"):
                return self.text(program, "CUBIN"), said
            return self.text(program, "PTX").rstrip(b"\0"), said
        finally:
            self.library.nvrtcDestroyProgram(ctypes.byref(program))


@functools.cache
def nvrtc(folder, release):
    """Loads a release once in a process."""
    return Nvrtc(pathlib.Path(folder) / release)


def version(release):
    """The pinned version of a release's wheel."""
    text = (HERE / f"nvrtc-{release}-requirements.txt").read_text()
    return re.search(r"^nvidia-cuda-nvrtc-cu12==(\S+)", text, re.MULTILINE)[1]


def compiled(folder, path, arch, cache=None):
    """One module for one architecture: what the manifest says of it, its code, and the seconds it took.

    `cache` is a folder where results are kept by all that decides about them. The code is the same whenever it is made, so
    making it again on the same machine shows nothing new.
    """
    start = time.monotonic()
    files = sources(path)
    if cache is None:
        entry, code = compiled_now(folder, path, arch, files)
    else:
        inputs = [hash_of_sources(files), path.name, arch, version(ARCHITECTURES[arch]), (HERE / "nvrtc.py").read_text()]
        kept = pathlib.Path(cache) / hashlib.sha256(repr(inputs).encode()).hexdigest()
        try:
            entry, code = pickle.loads(kept.read_bytes())
        except Exception:  # noqa: BLE001, not there or not whole, which pickle tells in many ways
            entry, code = compiled_now(folder, path, arch, files)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(pickle.dumps((entry, code)))
    return entry, code, time.monotonic() - start


def compiled_now(folder, path, arch, files):
    """The same without a cache: what the manifest says, and the code."""
    code, said = nvrtc(folder, ARCHITECTURES[arch]).compile(files, arch)
    if arch.startswith("sm_"):
        kernels = resources(said, path.name, arch)
        if set(kernels) != set(kernels_of_cubin(code)):
            raise Failed(f"{path.name} for {arch}: the compiler's messages do not tell of all kernels of its code")
    else:
        isa = re.search(rb"^\.version ([\d.]+)$", code, re.MULTILINE)
        if not isa or isa[1].decode() != PTX_VERSION:
            raise Failed(f"{path.name}: PTX is not of ISA {PTX_VERSION}, which drivers of CUDA 12.0 need")
        names = re.findall(rb"^\.visible \.entry (\w+)\(", code, re.MULTILINE)
        kernels = {kernel.decode(): {} for kernel in names}
    if not kernels:
        raise Failed(f"{path.name} has no kernel")
    entry = {
        "nvrtc": version(ARCHITECTURES[arch]),
        "source_sha256": hash_of_sources(files),
        "code_bytes": len(code),
        "code_sha256": hashlib.sha256(code).hexdigest(),
        "kernels": dict(sorted(kernels.items())),
    }
    return entry, code


COMPILING = re.compile(r"Compiling entry function '(\w+)' for '(\w+)'")
PROPERTIES = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")
SHARED = re.compile(r"(\d+) bytes smem")


def resources(said, module, arch):
    """What `ptxas -v` says of each kernel. Functions that were not inlined count to the kernel they are told of with."""
    kernels, current = {}, None
    for line in said.splitlines():
        if match := COMPILING.search(line):
            current = kernels.setdefault(match[1], {"spill_stores": 0, "spill_loads": 0, "stack": 0})
        elif match := PROPERTIES.search(line):
            if current is None:
                raise Failed(f"{module} for {arch}: a function that is told of before any kernel:\n{said}")
            current["stack"] += int(match[1])
            current["spill_stores"] += int(match[2])
            current["spill_loads"] += int(match[3])
        elif match := USED.search(line):
            # A second such line is a function of its own: the kernel needs the most of any.
            current["registers"] = max(current.get("registers", 0), int(match[1]))
            shared = SHARED.search(line)
            current["shared"] = max(current.get("shared", 0), int(shared[1]) if shared else 0)
    for kernel, numbers in kernels.items():
        if "registers" not in numbers:
            raise Failed(f"{module} for {arch}: the compiler does not say what {kernel} uses:\n{said}")
    return kernels


def kernels_of_cubin(code):
    """The kernels of a 64-bit ELF file of NVIDIA: each has constants of its own, where its arguments are."""
    if code[:5] != b"\x7fELF\x02":
        raise Failed("a cubin is not a 64-bit ELF file")
    table, = struct.unpack_from("<Q", code, 0x28)
    size, count, names = struct.unpack_from("<3H", code, 0x3A)
    start, = struct.unpack_from("<Q", code, table + names * size + 0x18)
    prefix = b".nv.constant0."
    for number in range(count):
        at, = struct.unpack_from("<I", code, table + number * size)
        name = code[start + at : code.index(b"\0", start + at)]
        if name.startswith(prefix):
            yield name.removeprefix(prefix).decode()
