"""The reference has every check of doctor, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from pgmoat.doctor.check import Area
from pgmoat.doctor.examine import CHECKS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "doctor.md"


def test_codes_are_unique() -> None:
    codes = [check.code for check in CHECKS]
    assert len(codes) == len(set(codes)) > 40
    assert all(code.startswith("doctor-") for code in codes)


def test_every_check_has_its_row_below_its_area_in_the_reports_order() -> None:
    documented: list[tuple[str, str]] = []
    area = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            area = line.removeprefix("## ").lower()
        row = re.match(r"\| `(doctor-[a-z-]+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$", line)
        if row:
            documented.append((area, row[1]))
    areas = list(Area)
    checks = sorted(CHECKS, key=lambda check: areas.index(check.area))
    assert documented == [(check.area, check.code) for check in checks]
