"""
What a form sent.

In: a request. Out: its fields, or a refusal. I/O: none.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_MOST_BYTES = 65_536
_MOST_FIELDS = 30


async def read_form(request: Request) -> dict[str, str]:
    """
    Return the fields of a form.

    Raises:
        HTTPException: it is no form, too long, or holds what is no text.
    """
    if (
        request.headers.get("content-type", "").partition(";")[0].strip()
        != "application/x-www-form-urlencoded"
    ):
        raise HTTPException(415, "This takes forms only.")
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise HTTPException(413, "This form is too long.")
    except ClientDisconnect as error:
        raise HTTPException(400, "This form did not arrive.") from error
    try:
        fields = dict(
            parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        )
    except ValueError as error:
        raise HTTPException(400, "This form cannot be read.") from error
    if any("\x00" in value for value in fields.values()):
        raise HTTPException(400, "NUL is no text.")
    return fields


def choose_way_back(text: str | None) -> str:
    """Return a path of this dashboard: *text* if it is one, else the first page."""
    # A browser takes // and /\ for another host, and leaves out tabs and line breaks before it looks.
    is_path = text is not None and text.startswith("/") and text.isprintable()
    return text if text and is_path and text[1:2] not in ("/", "\\") else "/"
