"""The `neuvol` program: running it, its version, and what it says."""

import hashlib
import json
import pathlib
import resource
import subprocess
import time

BELOW_QUALITY = 3


class ToolFailed(Exception):
    """`neuvol` did not write what it should."""


def run(command):
    """Runs a program and returns its standard output, its seconds and its CPU seconds.

    That a file is below the wanted quality is not an error here: it is measured, and the row says so.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode not in (0, BELOW_QUALITY):
        words = " ".join(pathlib.Path(word).name for word in command)
        raise ToolFailed(f"`{words}` ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout, seconds, cpu


def compress(tool, source, model, preset, goal, more=()):
    """Writes `model` and returns the `done` event."""
    options = ["--preset", preset, *goal.option(), *more, "--json", "--quiet", "--force", "--restart"]
    events, _, _ = run([str(tool), "compress", str(source), "-o", str(model), *options])
    return finished(events)


def decode(tool, model, decoded):
    """Writes the voxels of `model` as 32-bit floats and returns the seconds and CPU seconds."""
    _, seconds, cpu = run([str(tool), "decode", str(model), "-o", str(decoded), "--to", "raw", "--force", "--quiet"])
    return seconds, cpu


def info(tool, model):
    """What `neuvol info --json` says."""
    text, _, _ = run([str(tool), "info", str(model), "--json"])
    return json.loads(text)


def version(tool):
    """The tool's version and what tells one build of it from another."""
    text, _, _ = run([tool, "--version"])
    with open(tool, "rb") as file:
        return f"{text.split()[-1]}+{hashlib.file_digest(file, 'sha256').hexdigest()[:10]}"


def finished(events):
    """The last event of `neuvol compress --json`."""
    for line in reversed(events.splitlines()):
        event = json.loads(line)
        if event.get("event") == "done":
            return event
    raise ToolFailed("`neuvol compress --json` did not say that it is done")
