"""
The example of the page on ASRPlus does what it says.
"""

import re
from pathlib import Path

import pytest

from ratecards.numberset import Answers, Base

PAGE = Path(__file__).resolve().parents[2] / "docs/asrplus.md"


def test_the_example_prints_what_stands_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    And leaves a checkpoint with what was learnt and its position.
    """
    monkeypatch.chdir(tmp_path)
    Answers().write(Path("asrplus"), 1_800_000_000)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(code, {})  # noqa: S102 - the project's own page
    said = re.findall(r"^print\(.*# (.*)$", code, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == [words.strip() for words in said]
    assert len(said) == 3
    base = Base.open(Path("asrplus"))
    assert (base.numbers, base.position) == (1, {"row": 17})
