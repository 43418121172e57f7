"""
How much memory the processes of a server take.
"""

import re
from pathlib import Path

_FIELD = re.compile(r"^(Rss|Pss|Pss_Anon):\s+(\d+) kB", re.MULTILINE)


def tree(pid: int) -> list[int]:
    """
    A process and all that it started.
    """
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def memory(pid: int) -> dict[str, int]:
    """
    Bytes that a process and all that it started take: resident, and each page shared out over those that have it.
    """
    total = {"Rss": 0, "Pss": 0, "Pss_Anon": 0}
    for one in tree(pid):
        for name, size in memory_of(one).items():
            total[name] += size
    return total


def memory_of(pid: int) -> dict[str, int]:
    """
    The same of one process alone.
    """
    found = _FIELD.findall(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return {name: int(size) * 1024 for name, size in found}


def mapped(pid: int) -> int:
    """
    How many compiled cards a process and all that it started have mapped.
    """
    return sum(Path(f"/proc/{one}/maps").read_text().count(".card\n") for one in tree(pid))
