"""Compiles the kernels of this folder to SPIR-V, the same bytes wherever it runs.

    compile.py --slang DIR --out DIR

DIR of --slang holds libslang-compiler.so, which is called through its C API: the wheel that brings it has no compiler
program. Exit codes: 0 all compiled, 1 an error, whose text is on stderr.
"""

import argparse
import ctypes
import os
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
FLAGS = ["-stage", "compute", "-target", "spirv", "-profile", "spirv_1_3", "-O2"]
KERNELS = ["copy", "mix", "small", "rise", "plane", "lines", "halve", "mean", "head", "fold", "grid", "grid_deep", "contract", "finish", "reduce"]
# Variants that need optional features, and the capabilities that these stand for: Float16; with cooperative matrices
# VulkanMemoryModel, VulkanMemoryModelDeviceScope and CooperativeMatrixKHR, too; DotProductInput4x8BitPacked and DotProduct.
HALVES = {9}
DOT_PRODUCTS = {6018, 6019}
MATRICES = {9, 5345, 5346, 6022}
VARIANTS = {
    "head_half": HALVES,
    "grid_half": HALVES,
    "head_int8": DOT_PRODUCTS,
    "head_matrix": MATRICES,
    "grid_matrix": MATRICES,
}
# Texels in images: the format's name in SPIR-V, the type of a texel in the shader, what of (value, ...) is stored.
IMAGES = {
    "r32f": ("float", "value.x"),
    "r16f": ("float", "value.x"),
    "r8": ("float", "value.x"),
    "r16": ("float", "value.x"),
    "rg16f": ("float2", "value.xy"),
    "rgba16f": ("float4", "value"),
}
# OpSourceContinued, OpSource, OpSourceExtension, OpLine, OpNoLine: texts that older validators do not know.
DEBUG_OPERATIONS = {2, 3, 4, 8, 317}
CAPABILITY = 17
# Shader, and StorageImageExtendedFormats of the modules that store to images.
ALLOWED_CAPABILITIES = {1, 49}


class Failed(Exception):
    """The compiler did not compile; the message is its own."""


def modules():
    """Name, source and own arguments of every module."""
    for kernel in [*KERNELS, *VARIANTS]:
        more = VARIANTS.get(kernel) is MATRICES
        yield kernel, kernel, ["-capability", "spvCooperativeMatrixKHR"] if more else []
    yield "store_buffer", "store", []
    for image, (kind, value) in IMAGES.items():
        definitions = [f'-DIMAGE_FORMAT="{image}"', f"-DIMAGE_TYPE={kind}", f"-DIMAGE_VALUE={value}"]
        yield f"store_{image}", "store", ["-DTO_IMAGE", *definitions]


class Slang:
    """The compiler's library."""

    def __init__(self, folder):
        found = sorted(folder.glob("libslang-compiler.so*"))
        if not found:
            raise Failed(f"{folder} has no libslang-compiler.so")
        # The compiler has been seen to write modules that are not valid.
        os.environ["SLANG_RUN_SPIRV_VALIDATION"] = "1"
        self.library = ctypes.CDLL(str(found[0]))
        pointer = ctypes.c_void_p
        for name, result, arguments in [
            ("spCreateSession", pointer, [ctypes.c_char_p]),
            ("spCreateCompileRequest", pointer, [pointer]),
            ("spProcessCommandLineArguments", ctypes.c_int, [pointer, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int]),
            ("spCompile", ctypes.c_int, [pointer]),
            ("spGetDiagnosticOutput", ctypes.c_char_p, [pointer]),
            ("spGetTargetCodeBlob", ctypes.c_int, [pointer, ctypes.c_int, ctypes.POINTER(pointer)]),
            ("spDestroyCompileRequest", None, [pointer]),
        ]:
            function = getattr(self.library, name)
            function.restype, function.argtypes = result, arguments
        self.session = self.library.spCreateSession(None)

    def compile(self, arguments):
        """The code for the one target."""
        request = self.library.spCreateCompileRequest(self.session)
        try:
            words = [argument.encode() for argument in arguments]
            array = (ctypes.c_char_p * len(words))(*words)
            result = self.library.spProcessCommandLineArguments(request, array, len(words))
            if result >= 0:
                result = self.library.spCompile(request)
            said = (self.library.spGetDiagnosticOutput(request) or b"").decode()
            blob = ctypes.c_void_p()
            if result >= 0:
                result = self.library.spGetTargetCodeBlob(request, 0, ctypes.byref(blob))
            if result < 0 or said or not blob.value:
                raise Failed(said or "the compiler gave no code")
            return content(blob)
        finally:
            self.library.spDestroyCompileRequest(request)


def content(blob):
    """The bytes of an ISlangBlob, a COM object: its methods 3 and 4 are getBufferPointer and getBufferSize."""
    pointer = ctypes.c_void_p
    methods = ctypes.cast(ctypes.cast(blob, ctypes.POINTER(pointer))[0], ctypes.POINTER(pointer))
    data = ctypes.CFUNCTYPE(pointer, pointer)(methods[3])(blob)
    size = ctypes.CFUNCTYPE(ctypes.c_size_t, pointer)(methods[4])(blob)
    return ctypes.string_at(data, size)


def instructions(words):
    """The instructions of a module, its header left out."""
    at = 5
    while at < len(words):
        length = words[at] >> 16
        yield words[at] & 0xFFFF, words[at : at + length]
        at += length


def stripped(code, name):
    """The module without operations for debuggers; it must not ask for more than any device has, or the features of its variant."""
    words = struct.unpack(f"<{len(code) // 4}I", code)
    kept = list(words[:5])
    for operation, instruction in instructions(words):
        if operation == CAPABILITY and instruction[1] not in ALLOWED_CAPABILITIES | VARIANTS.get(name, set()):
            raise Failed(f"{name} asks for capability {instruction[1]}")
        if operation not in DEBUG_OPERATIONS:
            kept += instruction
    return struct.pack(f"<{len(kept)}I", *kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slang", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    try:
        slang = Slang(options.slang)
        options.out.mkdir(parents=True, exist_ok=True)
        for name, source, definitions in modules():
            arguments = [str(HERE / f"{source}.slang"), "-I", str(HERE), "-entry", source, *FLAGS, *definitions]
            (options.out / f"{name}.spv").write_bytes(stripped(slang.compile(arguments), name))
    except Failed as failed:
        print(f"compile.py: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
