"""
Templates to HTML, with everything escaped.

In: a template's name, values. Out: text. I/O: reads files of the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from pgmoat.dashboard import text
from pgmoat.dashboard.acts import ACTS
from pgmoat.dashboard.waits import find_style, list_waits
from pgmoat.dashboard.window import SPANS


def make_environment() -> Environment:
    """Return the templates; nothing is printed unescaped, whatever the file is called."""
    environment = Environment(
        loader=PackageLoader("pgmoat.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=text.show_hidden,
    )
    environment.filters |= {
        "agent": text.name_agent,
        "bytes": text.format_bytes,
        "claim": text.name_claim,
        "cut": text.cut,
        "clock": text.format_clock,
        "count": text.format_count,
        "error": text.format_error,
        "moment": text.format_moment,
        "seconds": text.format_seconds,
        "share": text.format_share,
        "value": text.format_value,
        "values": text.format_values,
    }
    names: dict[str, object] = {
        "format_excess": text.format_excess,
        "acts": {act.name: act for act in ACTS},
        "link": make_link,
        "list_waits": list_waits,
        "raw": escape,  # as it is, for what a form sends back: escaped, and nothing made visible
        "spans": SPANS,
        "wait_style": find_style,
    }
    cast("dict[str, object]", environment.globals).update(names)
    return environment


def make_link(path: str, parameters: Mapping[str, object] | None = None, **more: object) -> str:
    """Return an address with parameters, whatever they hold; those that are None are left out."""
    found = {name: str(value) for name, value in {**(parameters or {}), **more}.items() if value is not None}
    return f"{path}?{urlencode(found)}" if found else path
