"""
What is measured, and on what: cores, programs that must be there, versions.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
RATEDIP: Final = Path(sys.executable).parent / "ratedip"
PROGRAMS: Final = ("taskset", "wrk", "nginx", "kamailio")
NGINX_MODULES: Final = ("ndk_http_module.so", "ngx_http_lua_module.so")
KAMAILIO_MODULES: Final = ("kex.so", "pv.so", "sl.so", "htable.so", "db_text.so", "mtree.so", "xhttp.so")


class MissingPartError(Exception):
    """
    Something a run needs is not on this machine; the message says how to get it.
    """


def cores() -> tuple[int, int]:
    """
    Return the core of the load generator and the core of the servers.
    """
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise MissingPartError("The bench needs two cores: one for the load, one for the server.")
    return usable[0], usable[1]


def require_parts() -> None:
    """
    Check that every peer and tool is installed.

    Raises:
        MissingPartError: One is not; nothing is ever left out of the table instead.

    """
    missing = [name for name in PROGRAMS if find_program(name) is None]
    if missing:
        raise MissingPartError(f"Not installed: {', '.join(missing)}. Run `sh bench/peers.sh` to get the peers.")
    _require_modules("nginx", nginx_modules(), NGINX_MODULES)
    _require_modules("kamailio", kamailio_modules(), KAMAILIO_MODULES)
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingPartError("matplotlib is not installed: install the project's `bench` dependency group.")


def find_program(name: str) -> str | None:
    """
    Return the full path of a program, looking where Debian puts servers even if PATH does not.
    """
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def program(name: str) -> str:
    """
    Return the full path of a program that must be there.
    """
    path = find_program(name)
    if path is None:
        raise MissingPartError(f"{name} is not installed. Run `sh bench/peers.sh` to get the peers.")
    return path


def nginx_modules() -> Path:
    """
    Return the folder of nginx's loadable modules.
    """
    return Path("/usr/lib/nginx/modules")


def kamailio_modules() -> Path:
    """
    Return the folder of Kamailio's modules; it hangs on the machine's architecture.
    """
    return next(iter(sorted(Path("/usr").glob("lib*/**/kamailio/modules"))), Path("/usr/lib/kamailio/modules"))


def facts() -> dict[str, str]:
    """
    Return the name, version and kind of everything that can move the figures.
    """
    return {
        "commit": _commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "ratedip": _distribution("ratedip"),
        "nginx": _version("nginx", "-v", r"nginx/([\d.]+)"),
        "nginx lua module": _debian_version("libnginx-mod-http-lua"),
        "kamailio": _version("kamailio", "-v", r"kamailio ([\d.]+)"),
        "wrk": _version("wrk", "-v", r"wrk (\S+)"),
    }


def _require_modules(owner: str, folder: Path, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise MissingPartError(f"{owner} lacks {', '.join(missing)} in {folder}. Run `sh bench/peers.sh` to get them.")


def busy_share(over_s: float = 1.0) -> float:
    """
    Watch the machine for some seconds and return the share (0 to 1) of its cores' time that was used or taken away.
    """
    idle_before, all_before = ticks()
    time.sleep(over_s)
    idle_after, all_after = ticks()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)


def ticks() -> tuple[int, int]:
    """
    Return idle and all clock ticks of all cores since boot. Source: proc(5), /proc/stat.
    """
    ticks = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _output(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _commit() -> str:
    commit = _output("git", "rev-parse", "--short=12", "HEAD").strip()
    if not re.fullmatch("[0-9a-f]+", commit):
        return "none"
    changed = _output("git", "status", "--porcelain", "--untracked-files=no").strip()
    return f"{commit} + uncommitted changes" if changed else commit


def _version(name: str, option: str, pattern: str) -> str:
    found = re.search(pattern, _output(program(name), option))
    return found.group(1) if found else "unknown"


def _debian_version(package: str) -> str:
    return _output("dpkg-query", "-W", "-f", "${Version}", package).strip() if shutil.which("dpkg-query") else "unknown"


def _distribution(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()
