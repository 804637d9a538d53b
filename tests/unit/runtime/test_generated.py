"""The synchronous files are those that the script makes of the asynchronous ones."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
THERE = ROOT / "src" / "pgmoat" / "runtime" / "synchronous"


def load_script() -> Any:
    spec = spec_from_file_location("generate_sync", ROOT / "scripts" / "generate_sync.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def read_folder(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.glob("*.py") if file.name != "__init__.py"}


def test_the_synchronous_files_are_up_to_date(tmp_path: Path) -> None:
    load_script().generate(tmp_path)
    made = read_folder(tmp_path)
    assert made == read_folder(THERE), "run scripts/generate_sync.py"
    assert made.keys() == read_folder(THERE.with_name("asynchronous")).keys()


def test_nothing_asynchronous_is_left() -> None:
    for name, text in read_folder(THERE).items():
        lines = [line for line in text.splitlines()[1:] if "asyncio" in line or "Async" in line]
        assert not lines, name
        assert "await " not in text
