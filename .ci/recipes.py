"""Compiles each program of the front page and of the cookbook as a reader does: in a package of its own, with no other
dependencies than those that the page names. The doc tests of zmtp-mio and .ci/examples.sh run the programs.

usage: recipes.py
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
FOLDER = TARGET / "recipes"
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.M | re.S)
PATH = '"../zmtp/'
MANIFEST = '[package]\nname = "{name}"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n'


def recipes():
    """The programs of each list of dependencies."""
    page = (ROOT / "zmtp-mio/docs/cookbook.md").read_text()
    front = (ROOT / "README.md").read_text()
    start, *sections = re.split(r"^(?=# )", page, flags=re.M)
    default = dict(BLOCK.findall(start))["toml"]
    lists = {default: [code for language, code in BLOCK.findall(front) if language == "rust"]}
    for section in sections:
        blocks = BLOCK.findall(section)
        dependencies = [code for language, code in blocks if language == "toml"] or [default]
        assert len(dependencies) == 1, section
        lists.setdefault(dependencies[0], []).extend(code for language, code in blocks if language == "rust")
    assert all(lists.values()), "a page without programs"
    return lists


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    count = 0
    for number, (dependencies, programs) in enumerate(recipes().items()):
        package = FOLDER / f"recipe{number}"
        bins = package / "src/bin"
        bins.mkdir(parents=True)
        assert PATH in dependencies, dependencies
        dependencies = dependencies.replace(PATH, f'"{ROOT}/')
        (package / "Cargo.toml").write_text(MANIFEST.format(name=package.name) + dependencies)
        # The same versions as in the workspace, without a network.
        shutil.copy(ROOT / "Cargo.lock", package)
        for name, program in enumerate(programs):
            (bins / f"program{name}.rs").write_text(program)
        command = ["cargo", "check", "--quiet", "--offline", "--target-dir", TARGET / "recipes-target"]
        environment = {**os.environ, "RUSTFLAGS": "-D warnings"}
        if subprocess.run(command, cwd=package, env=environment).returncode != 0:
            print(f"the programs with these dependencies do not compile:\n{dependencies}", file=sys.stderr)
            return 1
        count += len(programs)
    print(f"{count} programs compile with the dependencies that their pages name")
    return 0


sys.exit(main())
