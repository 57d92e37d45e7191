"""Reads the passes out of Unity's ShaderLab and compute files, and lists the variants that their pragmas ask for."""

import itertools
import re

# What Unity adds to shaders for single-pass stereo: on desktops two instances for each object, on mobile devices multiview.
STEREO = {
    "mono": [],
    "instanced": ["UNITY_STEREO_INSTANCING_ENABLED", "STEREO_INSTANCING_ON"],
    "multiview": ["UNITY_STEREO_MULTIVIEW_ENABLED", "STEREO_MULTIVIEW_ON"],
}


# The eye that the device draws for; Unity's compiler adds the like.
MULTIVIEW = """
NeuvolVaryings MultiviewVertex(NeuvolAttributes input, uint view : SV_ViewID)
{{
    unity_StereoEyeIndex = view;
    return {entry}(input);
}}
"""


class Wrong(Exception):
    """A file is not as Unity reads it."""


class Pass:
    """One program of a shader: both stages, its keywords, and the state it is drawn with."""

    def __init__(self, path, pipeline, state, code):
        self.path, self.pipeline, self.state, self.code = path, pipeline, state, code
        self.entries, self.keywords = {}, {"vertex": [], "fragment": []}
        for line in code.splitlines():
            words = line.split()
            if words[:1] != ["#pragma"]:
                continue
            if words[1] in ("vertex", "fragment"):
                self.entries[words[1]] = words[2]
            elif words[1] == "multi_compile_instancing":
                for stage in self.keywords.values():
                    stage.append(["_", "INSTANCING_ON"])
            elif words[1].startswith(("multi_compile", "shader_feature")):
                for stage, sets in self.keywords.items():
                    if not words[1].endswith(("_vertex", "_fragment")) or words[1].endswith("_" + stage):
                        sets.append(words[2:])
            elif words[1] != "target":
                raise Wrong(f"{path.name}: unknown {line.strip()}")
        if set(self.entries) != {"vertex", "fragment"}:
            raise Wrong(f"{path.name}: a pass without a vertex or fragment pragma")
        # They are for Unity, and other compilers would warn of them.
        self.code = re.sub(r"^(\s*)#pragma", r"\1// #pragma", code, flags=re.M)

    def variants(self, stage):
        """Name, source, entry point and definitions of every variant of a stage."""
        for stereo, definitions in STEREO.items():
            for choice in itertools.product(*self.keywords[stage]):
                chosen = [keyword for keyword in choice if keyword != "_"]
                name = "-".join([self.path.stem, self.pipeline, stage, stereo, *chosen])
                entry, code = self.entries[stage], self.code
                if (stereo, stage) == ("multiview", "vertex"):
                    entry, code = "MultiviewVertex", code + MULTIVIEW.format(entry=entry)
                yield name, code, entry, [*chosen, *definitions, f"SHADER_STAGE_{stage.upper()}"]


def block(text, at):
    """The text between the first brace from `at` on and the one that closes it."""
    start = text.index("{", at)
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place], place
    raise Wrong("a brace is not closed")


def blocks(text, word):
    at = 0
    while found := re.compile(rf"^\s*{word}\b", re.M).search(text, at):
        inner, at = block(text, found.end())
        yield inner


def passes(path):
    """The passes of a ShaderLab file."""
    text = path.read_text()
    found = []
    for subshader in blocks(text, "SubShader"):
        pipeline = "urp" if '"RenderPipeline" = "UniversalPipeline"' in subshader else "builtin"
        if (pipeline == "urp") != ("PackageRequirements" in subshader):
            raise Wrong(f"{path.name}: URP's libraries without PackageRequirements, or the other way round")
        for inner in blocks(subshader, "Pass"):
            program = re.search(r"HLSLPROGRAM\n(.*?)ENDHLSL", inner, re.S)
            if not program:
                raise Wrong(f"{path.name}: a pass without HLSLPROGRAM")
            state = re.findall(r"^\s*(Cull|ZWrite|ZTest|Blend) +(.+)$", inner[: program.start()], re.M)
            found.append(Pass(path, pipeline, dict(state), program.group(1)))
    return found


def kernels(path):
    """The code of a compute file, and its kernels."""
    text = path.read_text()
    names = re.findall(r"^#pragma kernel (\w+)", text, re.M)
    return re.sub(r"^#pragma kernel.*$", "", text, flags=re.M), names


def properties(path):
    """The names in the Properties block."""
    inner = next(blocks(path.read_text(), "Properties"))
    return re.findall(r"^\s*(?:\[[^\]]*\]\s*)*(\w+)\s*\(", inner, re.M)
