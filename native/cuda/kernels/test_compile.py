"""Tests of the compile gate: what must be refused is refused. NEUVOL_NVRTC is the folder that compile.py gets as --nvrtc."""

import contextlib
import io
import json
import os
import pathlib
import shutil
import tempfile
import unittest

import zstandard

import compile as program
import nvrtc

HEADER = """
#include <cuda_fp16.h>
struct Launch { const unsigned* params; const unsigned* models; float* work; unsigned char* texels; unsigned numbers[4]; };
#define KERNEL(name, threads, groups) \\
    extern "C" __global__ void __launch_bounds__(threads, groups) name(const __grid_constant__ Launch launch)
"""
# Each thread adds up in as many registers as COUNT says.
MODULE = """
#include "common.cuh"
#ifndef COUNT
#define COUNT 8
#endif
KERNEL(sums, 256, 1) {
    float sums[COUNT];
#pragma unroll
    for (int i = 0; i < COUNT; i++) sums[i] = launch.work[i * 256 + threadIdx.x];
    for (unsigned step = 0; step < launch.numbers[0]; step++) {
#pragma unroll
        for (int i = 0; i < COUNT; i++) sums[i] = fmaf(sums[i], sums[(i + 1) % COUNT], 1.0f);
    }
#pragma unroll
    for (int i = 0; i < COUNT; i++) launch.work[i * 256 + threadIdx.x] = sums[i];
}
"""
MANY = "#define COUNT 24\n" + MODULE
# No more than 40 registers are left to each of 1536 threads.
SPILLING = "#define COUNT 64\n" + MODULE.replace("(sums, 256, 1)", "(sums, 512, 3)")
STACK = """
#include "common.cuh"
KERNEL(sums, 256, 1) {
    float values[32];
    for (int i = 0; i < 32; i++) values[i] = launch.work[i];
    for (unsigned i = 0; i < launch.numbers[0]; i++) values[launch.params[i] & 31] += launch.work[i];
    launch.work[threadIdx.x] = values[threadIdx.x & 31];
}
"""
SHARED = """
#include "common.cuh"
KERNEL(sums, 256, 1) {
    __shared__ float values[13000];
    values[threadIdx.x] = launch.work[threadIdx.x];
    __syncthreads();
    launch.work[threadIdx.x] = values[255 - threadIdx.x];
}
"""
WARNING = MODULE.replace("float sums[COUNT];", "float sums[COUNT]; int unused;", 1)


class Gate(unittest.TestCase):
    def setUp(self):
        folder = os.environ.get("NEUVOL_NVRTC")
        if folder is None:
            self.fail("set NEUVOL_NVRTC, or start `cargo xtask kernels --check`")
        self.nvrtc = pathlib.Path(folder)
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.kernels = pathlib.Path(scratch.name) / "kernels"
        self.kernels.mkdir()
        self.source(MODULE)

    def source(self, text):
        (self.kernels / "common.cuh").write_text(HEADER)
        (self.kernels / "small.cu").write_text(text)

    def compile(self, *options, arch="sm_86"):
        """Exit code, table and messages."""
        words = ["--nvrtc", str(self.nvrtc), "--kernels", str(self.kernels), "--jobs", "1", *options]
        if arch:
            words += ["--arch", arch]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = program.main(words)
        return code, out.getvalue(), err.getvalue()

    def refused(self, *parts, options=("--check",), arch="sm_86"):
        code, _, messages = self.compile(*options, arch=arch)
        self.assertEqual(code, 1, messages)
        for part in parts:
            self.assertIn(part, messages)

    def written(self, **more):
        code, table, messages = self.compile(**more)
        self.assertEqual(code, 0, messages)
        return table

    def json(self, name):
        return json.loads((self.kernels / name).read_text())

    def test_what_was_written_is_accepted_and_is_the_same_in_another_folder(self):
        table = self.written(arch=None)
        registers = self.json("binaries/manifest.json")["modules"]["small"]["sm_86"]["kernels"]["sums"]["registers"]
        ceiling = self.json("ceilings.json")["sums"]["sm_86"]
        self.assertEqual(ceiling % 8, 0)
        self.assertTrue(registers <= ceiling < registers + 8)
        self.assertIn(f"{registers}/{ceiling}", table)
        self.assertEqual(
            sorted(file.name for file in (self.kernels / "binaries").iterdir()),
            ["manifest.json", *sorted(f"small.{arch}.zst" for arch in nvrtc.ARCHITECTURES)],
        )
        ptx = zstandard.ZstdDecompressor().decompress((self.kernels / "binaries/small.compute_75.zst").read_bytes())
        self.assertIn(b"\n.version 8.0\n.target sm_75\n", ptx)
        elsewhere = self.kernels.parent / "a folder with a longer name"
        shutil.move(self.kernels, elsewhere)
        self.kernels = elsewhere
        self.assertEqual(self.compile("--check", arch=None)[0], 0)

    def test_spills_are_refused(self):
        self.source(SPILLING)
        self.refused("small.cu: sums for sm_86 spills", "ceiling 0", "__launch_bounds__", options=())
        self.assertFalse((self.kernels / "binaries").exists())

    def test_a_stack_is_refused(self):
        self.source(STACK)
        self.refused("small.cu: sums for sm_86 has 128 bytes of stack (ceiling 0)", "unroll", options=())

    def test_too_much_shared_memory_is_refused(self):
        self.source(SHARED)
        # The assembler already says so.
        self.refused("small.cu for sm_86", "shared", options=())

    def test_more_registers_than_the_ceiling_are_refused(self):
        self.written()
        ceiling = self.json("ceilings.json")["sums"]["sm_86"]
        self.source(MANY)
        for options in [(), ("--check",)]:
            self.refused("small.cu: sums for sm_86 uses", f"registers (ceiling {ceiling})", "use fewer", options=options)

    def test_a_kernel_without_ceiling_is_refused(self):
        self.written()
        (self.kernels / "ceilings.json").write_text("{}")
        self.refused("sums for sm_86 uses", "has no ceiling", "cargo xtask kernels")

    def test_a_ceiling_of_nothing_is_refused(self):
        self.written(arch=None)
        ceilings = self.json("ceilings.json")
        ceilings["gone"] = {"sm_86": 8}
        (self.kernels / "ceilings.json").write_text(json.dumps(ceilings))
        self.refused("gone and sm_86", "remove it", arch=None)

    def test_a_changed_byte_is_refused(self):
        self.written()
        file = self.kernels / "binaries/small.sm_86.zst"
        code = bytearray(zstandard.ZstdDecompressor().decompress(file.read_bytes()))
        code[len(code) // 2] ^= 1
        file.write_bytes(zstandard.ZstdCompressor().compress(bytes(code)))
        self.refused("small.sm_86.zst holds other code")
        file.write_bytes(file.read_bytes()[:-3])
        self.refused("small.sm_86.zst cannot be decompressed")
        file.unlink()
        self.refused("small.sm_86.zst is not there")

    def test_a_changed_byte_with_a_fitting_manifest_is_refused(self):
        self.written()
        manifest = self.json("binaries/manifest.json")
        manifest["modules"]["small"]["sm_86"]["code_sha256"] = "0" * 64
        (self.kernels / "binaries/manifest.json").write_text(json.dumps(manifest))
        self.refused("small.sm_86: code_sha256 is")

    def test_changed_sources_are_refused_even_where_the_code_is_the_same(self):
        self.written()
        (self.kernels / "common.cuh").write_text(HEADER + "// More to say.\n")
        self.refused("small.sm_86 was compiled from other sources")

    def test_what_is_left_of_a_module_is_refused(self):
        self.written(arch=None)
        (self.kernels / "small.cu").rename(self.kernels / "other.cu")
        self.refused("small.sm_86.zst is made of no source", "manifest.json does not name other.sm_86", arch=None)
        self.written(arch=None)
        self.assertFalse((self.kernels / "binaries/small.sm_86.zst").exists())

    def test_a_cache_gives_what_was_compiled_of_the_same_sources_only(self):
        cache = ("--cache", str(self.kernels.parent / "cache"))
        self.assertEqual(self.compile(*cache)[0], 0)
        manifest = self.json("binaries/manifest.json")
        kept, = (self.kernels.parent / "cache").iterdir()
        self.assertEqual(self.compile(*cache, "--check")[0], 0)
        self.source(MANY)
        self.refused("was compiled from other sources", options=(*cache, "--check"))
        self.source(MODULE)
        kept.write_bytes(b"broken")
        self.assertEqual(self.compile(*cache)[0], 0)
        self.assertEqual(self.json("binaries/manifest.json"), manifest)

    def test_two_kernels_of_one_name_are_refused(self):
        (self.kernels / "other.cu").write_text(MODULE)
        self.refused("sums is in other.cu and in small.cu", options=())

    def test_warnings_and_errors_are_refused(self):
        self.source(WARNING)
        self.refused("small.cu for sm_86", "unused", options=())
        self.source("#include \"missing.cuh\"\n")
        self.refused("small.cu for sm_86", "missing.cuh", options=())

    def test_only_known_names_can_be_chosen(self):
        self.refused("--arch sm_20: there are sm_75", options=(), arch="sm_20")
        self.refused("--module large: there are small", options=("--module", "large"))


class Messages(unittest.TestCase):
    def test_functions_that_are_not_inlined_count_to_their_kernel(self):
        said = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'one' for 'sm_86'
ptxas info    : Function properties for one
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 10 registers, 128 bytes smem, 400 bytes cmem[0]
ptxas info    : Function properties for helper
    16 bytes stack frame, 4 bytes spill stores, 8 bytes spill loads
ptxas info    : Compiling entry function 'two' for 'sm_86'
ptxas info    : Function properties for two
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 20 registers, 400 bytes cmem[0]
"""
        found = nvrtc.resources(said, "m", "sm_86")
        self.assertEqual(
            found,
            {
                "one": {"spill_stores": 4, "spill_loads": 8, "stack": 16, "registers": 10, "shared": 128},
                "two": {"spill_stores": 0, "spill_loads": 0, "stack": 0, "registers": 20, "shared": 0},
            },
        )
        with self.assertRaises(nvrtc.Failed):
            nvrtc.resources(said.split("ptxas info    : Used 20")[0], "m", "sm_86")


if __name__ == "__main__":
    unittest.main()
