"""
Feed parsers with what reaches more of them: ``python -m fuzz [TARGET...] [--seconds 60]``.

Each target runs in a process of its own, guided by coverage (atheris). What breaks its sentence stays in the corpus.
"""

import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Annotated

import atheris
import typer

MOST_BYTES = 8192
BROKEN = "broke-"


def run(name: str) -> None:
    """
    Fuzz one target in this process; the remaining arguments are libFuzzer's.
    """
    with atheris.instrument_imports(include=["ratecards", "service"]):
        corpus = import_module("fuzz.corpus")
    atheris.Setup(sys.argv, corpus.TARGETS[name])
    atheris.Fuzz()


def main(
    names: Annotated[list[str] | None, typer.Argument(metavar="TARGET...", help="None: all of them.")] = None,
    seconds: Annotated[int, typer.Option(help="For each.")] = 60,
) -> None:
    """
    Fuzz parsers one after the other. Exit 1: one broke.
    """
    corpus = import_module("fuzz.corpus")
    broken = [name for name in names or corpus.TARGETS if _fuzz(name, seconds, corpus.CORPUS, corpus.SEEDS[name])]
    print(f"broken: {', '.join(broken) or 'none'}")  # noqa: T201
    sys.exit(1 if broken else 0)


def _fuzz(name: str, seconds: int, corpus: Path, seeds: list[bytes]) -> int:
    (corpus / name).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ratedip-fuzz-") as folder:
        for place, seed in enumerate(seeds):
            (Path(folder) / f"seed-{place}").write_bytes(seed)
        command = [sys.executable, "-m", "fuzz", "--only", name, folder, str(corpus / name)]
        limits = [f"-max_total_time={seconds}", f"-max_len={MOST_BYTES}", "-timeout=10", "-rss_limit_mb=2048"]
        return subprocess.run(
            [*command, *limits, f"-artifact_prefix={corpus / name / BROKEN}", "-verbosity=1"], check=False
        ).returncode


if __name__ == "__main__":
    if sys.argv[1:2] == ["--only"]:
        wanted = sys.argv[2]
        del sys.argv[1:3]
        run(wanted)
    else:
        typer.run(main)
