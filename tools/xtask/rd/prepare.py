"""Writes the data sets that the peers were measured on as raw 32-bit floats, NaN where masked, and sets.json on them.

    prepare.py --data DIR --out DIR [--sets a,b] [--day]

A set whose source DIR does not hold is left out with a note. --day also makes the large synthetic day (two minutes).
Prints the names of the sets that are there, separated by commas.
"""

import argparse
import json
import pathlib
import subprocess
import sys
from typing import NamedTuple

import numpy as np

LARGEST_VALUE = 1e30


class Source(NamedTuple):
    """Where a set comes from. `crop` and `clip` work on z, y, x and on values, as for the peers' rows of that name."""

    file: str
    variable: str | None = None
    crop: tuple[slice, ...] | None = None
    clip: tuple[float, float] | None = None


SETS = {
    "roms_temperature": Source("roms_arctic20_5d.nc", "temperature"),
    "wrf_T": Source("wrf_ci.nc", "T"),
    "wrf_W": Source("wrf_ci.nc", "W"),
    "colpex_theta": Source("colpex_theta.nc", "air_potential_temperature"),
    "ct_body_3mm": Source("ct_body_3mm.nii.gz"),
    "plume_a_pm25": Source("plume_day_a.nc", "PM25"),
    "plume_a_T": Source("plume_day_a.nc", "T"),
    "head_mr": Source("head_mr_uchar.nii.gz"),
    "mouse_brain_192_clip": Source("mouse_brain_270slices.tif", None, np.s_[39:231, 0:192, 39:231], (0, 838)),
    "t1w_7T_192": Source("t1w_7T_274x384x384.nii.gz", None, np.s_[96:288, 96:288, 41:233]),
}
DAY = "plume_full_day_pm25"
DAY_PROGRAM, DAY_OPTIONS, DAY_VARIABLE = "make_plume_day.py", ["--seed", "7", "--vars", "PM25,T"], "PM25"


def load(path, variable):
    """The values of [t,] z, y, x as stored, masked ones as NaN."""
    name = path.name
    if name.endswith(".nc"):
        import netCDF4

        with netCDF4.Dataset(path) as file:
            values = file.variables[variable][...]
        if np.ma.isMaskedArray(values):
            values = values.astype(np.float32).filled(np.nan)
    elif name.endswith(".nii.gz"):
        import nibabel

        values = np.asarray(nibabel.load(path).dataobj).T
    else:
        import tifffile

        values = tifffile.imread(path)
    return np.squeeze(values)


def bytes_of_a_value(values):
    """As the peers count raw bytes: 1 or 2 for integers of 8 or 16 bits, else 4."""
    return min(values.dtype.itemsize, 4) if values.dtype.kind in "ui" else 4


def read(path, source):
    """The set and the bytes of one value."""
    values = load(path, source.variable)
    size = bytes_of_a_value(values)
    if source.crop:
        values = values[source.crop]
    if source.clip:
        values = np.clip(values, *source.clip)
    values = np.ascontiguousarray(values, dtype=np.float32)
    values[~(np.isfinite(values) & (np.abs(values) < LARGEST_VALUE))] = np.nan
    return values, size


def write(name, path, source, out):
    """Writes one set and returns its entry in sets.json."""
    values, size = read(path, source)
    shape = list(values.shape)
    file = out / f"{name}_{'x'.join(map(str, shape[::-1]))}_float32.raw"
    values.astype("<f4").tofile(file)
    valid = int(np.count_nonzero(~np.isnan(values)))
    return {"file": file.name, "shape": shape, "bytes_of_a_value": size, "valid": valid, "source": stamp(path, source)}


def stamp(path, source):
    """What must not have changed for a set to be still that of its source."""
    return [path.name, path.stat().st_size, repr(source)]


def make_day(data, out):
    """The synthetic day, made once."""
    program, day = data / DAY_PROGRAM, out / f"{DAY}.nc"
    if not program.is_file():
        sys.exit(f"prepare.py: --day needs {DAY_PROGRAM} in {data}")
    if not day.is_file():
        print("prepare.py: making the synthetic day", file=sys.stderr)
        unfinished = day.with_suffix(".tmp.nc")
        subprocess.run([sys.executable, program, unfinished, *DAY_OPTIONS], check=True, stdout=sys.stderr)
        unfinished.rename(day)
    return day


def chosen(wanted, day):
    """The names of the sets to write; exits where `wanted` has one that does not exist."""
    known = [*SETS, DAY]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"prepare.py: no set is called {', '.join(unknown)}; there are {', '.join(known)}")
    if DAY in wanted and not day:
        sys.exit(f"prepare.py: {DAY} needs --day")
    names = [name for name in known if not wanted or name in wanted]
    return [name for name in names if name != DAY or day]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--sets", default="")
    parser.add_argument("--day", action="store_true")
    options = parser.parse_args()
    wanted = [name for name in options.sets.split(",") if name]
    options.out.mkdir(parents=True, exist_ok=True)
    listed = options.out / "sets.json"
    old = json.loads(listed.read_text()) if listed.is_file() else {}
    entries = {}
    for name in chosen(wanted, options.day):
        if name == DAY:
            path, source = make_day(options.data, options.out), Source(f"{DAY}.nc", DAY_VARIABLE)
        else:
            path, source = options.data / SETS[name].file, SETS[name]
        if not path.is_file():
            if name in wanted:
                sys.exit(f"prepare.py: {name} needs {source.file} in {options.data}")
            print(f"prepare.py: {name} is left out: no {source.file} there", file=sys.stderr)
            continue
        entry = old.get(name)
        if entry and entry["source"] == stamp(path, source) and (options.out / entry["file"]).is_file():
            entries[name] = entry
            continue
        print(f"prepare.py: writing {name}", file=sys.stderr)
        entries[name] = write(name, path, source, options.out)
    if not entries:
        sys.exit(f"prepare.py: {options.data} holds none of the data sets")
    listed.write_text(json.dumps(old | entries, indent=1) + "\n")
    print(",".join(entries))


if __name__ == "__main__":
    main()
