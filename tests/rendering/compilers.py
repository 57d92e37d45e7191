"""Three compilers of HLSL behind one call: compile(source, folders, stage, entry, definitions) gives SPIR-V."""

import ctypes
import importlib.util
import pathlib
import struct
import subprocess
import tempfile
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
DXC_STAGES = {"vertex": "vs", "fragment": "ps", "compute": "cs"}
GLSLANG_STAGES = {"vertex": "vert", "fragment": "frag", "compute": "comp"}


def define(name):
    """A definition as all compilers take it: 1 where it has no value."""
    return name if "=" in name else f"{name}=1"


class Failed(Exception):
    """A compiler did not compile; the message is its own."""


class Glslang:
    """glslangValidator, as Debian has it."""

    name = "glslang"

    def __init__(self):
        said = subprocess.run(["glslangValidator", "--version"], capture_output=True, text=True, check=True).stdout
        self.version = said.split()[2].split(":")[-1]

    def compile(self, source, folders, stage, entry, definitions):
        with tempfile.TemporaryDirectory() as folder:
            path, out = pathlib.Path(folder, "shader.hlsl"), pathlib.Path(folder, "shader.spv")
            path.write_text(source)
            words = ["glslangValidator", "-D", "-V", "--target-env", "vulkan1.1", "--hlsl-offsets", "--amb", "--aml"]
            words += ["-S", GLSLANG_STAGES[stage], "-e", entry, *[f"-D{define(name)}" for name in definitions]]
            words += [*[f"-I{folder}" for folder in folders], "-o", str(out), str(path)]
            done = subprocess.run(words, capture_output=True, text=True)
            if done.returncode or not out.exists():
                raise Failed(done.stdout + done.stderr)
            return out.read_bytes()


class Slang:
    """The library that also compiles the kernels of the Vulkan backend."""

    name = "Slang"

    def __init__(self, folder):
        path = ROOT / "native/vulkan/shaders/compile.py"
        spec = importlib.util.spec_from_file_location("neuvol_kernels", path)
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.library = self.module.Slang(folder)
        self.version = next(folder.glob("libslang-compiler.so*")).name.split(".so.0.")[-1]

    def compile(self, source, folders, stage, entry, definitions):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "shader.hlsl")
            path.write_text(source)
            words = [str(path), "-entry", entry, "-stage", stage, "-target", "spirv", "-profile", "spirv_1_5"]
            words += ["-matrix-layout-column-major", "-warnings-disable", "39019,30081"]
            words += [*[f"-D{define(name)}" for name in definitions], *[f"-I{folder}" for folder in folders]]
            try:
                return self.library.compile(words)
            except self.module.Failed as failed:
                raise Failed(str(failed)) from None


class Dxc:
    """Microsoft's compiler: IDxcCompiler3 through its COM interfaces."""

    name = "DXC"
    COMPILER = uuid.UUID("73e22d93-e6ce-47f3-b5bf-f0664f39c1b0")
    COMPILER_INTERFACE = uuid.UUID("228b4687-5a6a-4730-900c-9702b2203f54")
    UTILS = uuid.UUID("6245d6af-66e0-48fd-80b4-4d271796748c")
    UTILS_INTERFACE = uuid.UUID("4605c4cb-2019-492a-ada4-65f20bb7d67f")
    VERSION = uuid.UUID("b04f5b50-2059-4f12-a8ff-a1e0cde1cc7e")
    RESULT_INTERFACE = uuid.UUID("58346cda-dde7-4497-9461-6f87af5e0659")

    def __init__(self, library):
        self.library = ctypes.CDLL(str(library))
        self.compiler = self.create(self.COMPILER, self.COMPILER_INTERFACE)
        self.utils = self.create(self.UTILS, self.UTILS_INTERFACE)
        handler = ctypes.c_void_p()
        check(method(self.utils, 9, [ctypes.c_void_p])(ctypes.byref(handler)), "an include handler")
        self.handler = handler
        information = ctypes.c_void_p()
        check(method(self.compiler, 0, [ctypes.c_char_p, ctypes.c_void_p])(self.VERSION.bytes_le, ctypes.byref(information)), "a version of DXC")
        major, minor = ctypes.c_uint32(), ctypes.c_uint32()
        check(method(information, 3, [ctypes.c_void_p] * 2)(ctypes.byref(major), ctypes.byref(minor)), "a version of DXC")
        self.version = f"{major.value}.{minor.value}"

    def create(self, kind, interface):
        made = ctypes.c_void_p()
        result = self.library.DxcCreateInstance(kind.bytes_le, interface.bytes_le, ctypes.byref(made))
        check(result, "an object of DXC")
        return made

    def compile(self, source, folders, stage, entry, definitions, target="spirv"):
        words = ["shader.hlsl", "-E", entry, "-T", f"{DXC_STAGES[stage]}_6_1", "-O3", "-WX"]
        words += ["-spirv", "-fspv-target-env=vulkan1.1"] if target == "spirv" else ["-Vd"]
        words += [word for name in definitions for word in ("-D", define(name))]
        words += [word for folder in folders for word in ("-I", str(folder))]
        arguments = (ctypes.c_wchar_p * len(words))(*words)
        text = source.encode()

        class Buffer(ctypes.Structure):
            _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_size_t), ("encoding", ctypes.c_uint32)]

        buffer, result = Buffer(text, len(text), 65001), ctypes.c_void_p()
        kinds = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        call = method(self.compiler, 3, kinds)
        code = call(ctypes.byref(buffer), arguments, len(words), self.handler, self.RESULT_INTERFACE.bytes_le, ctypes.byref(result))
        check(code, "a result of DXC")
        status, blob = ctypes.c_int32(), ctypes.c_void_p()
        check(method(result, 3, [ctypes.c_void_p])(ctypes.byref(status)), "a status of DXC")
        which = 4 if status.value >= 0 else 5
        check(method(result, which, [ctypes.c_void_p])(ctypes.byref(blob)), "a text of DXC")
        data = content(blob)
        release(blob)
        release(result)
        if status.value < 0:
            raise Failed(data.decode(errors="replace"))
        return data


def method(pointer, index, arguments, result=ctypes.c_int32):
    """Method `index` of a COM object."""
    table = ctypes.cast(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_void_p))[0], ctypes.POINTER(ctypes.c_void_p))
    function = ctypes.CFUNCTYPE(result, ctypes.c_void_p, *arguments)(table[index])
    return lambda *values: function(pointer, *values)


def content(blob):
    data = method(blob, 3, [], ctypes.c_void_p)()
    return ctypes.string_at(data, method(blob, 4, [], ctypes.c_size_t)())


def release(pointer):
    method(pointer, 2, [], ctypes.c_uint32)()


def check(result, what):
    if result < 0:
        raise Failed(f"no {what}: {result & 0xFFFFFFFF:#x}")


def is_spirv(code):
    return len(code) > 20 and struct.unpack("<I", code[:4])[0] == 0x07230203
