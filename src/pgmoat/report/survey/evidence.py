"""
What sampled values look like: the forms of sensitive data, each with the test that tells it.

In: values as text. Out: Evidence. I/O: none. Values go in and only shares come out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Interface

from pgmoat.report.survey.snapshot import Evidence

CERTAIN_SHARE = 0.8
"""From here on a column's values are of a kind."""

WITHIN_SHARE = 0.02
"""From here on a text is said to hold a kind."""

_FEWEST = 3  # values that a test needs: one that fits is chance

_EMAIL = r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}"
_CARD = re.compile(
    r"(?:[0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}|3[0-9]{3}[ -][0-9]{6}[ -][0-9]{5})"
)
_CARD_BEGINS = re.compile(r"4|5[1-5]|2[2-7]|3[47]|6(?:011|4[4-9]|5)|35|30[0-5]|3[689]|62|50|5[6-9]|6[37]")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{1,4}){3,8}")
_PHONE = re.compile(r"\+?[0-9(][0-9 ().\-/]{5,22}[0-9](?: ?(?:x|ext\.?) ?[0-9]{1,6})?")
_PHONE_MARK = re.compile(r"^\+|^\([0-9]|^[0-9]{3}[-.][0-9]{3}[-.][0-9]{4}|(?:x|ext)")
_SSN = re.compile(r"(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}")
_HASH = re.compile(
    r"\$2[abxy]?\$[0-9]{2}\$.{20,}|\$argon2(?:id|i|d)\$.+|\$(?:1|5|6|y|7|apr1|scrypt)\$.{8,}|pbkdf2_\w+\$.+"
    r"|\{(?:SSHA|SHA|SMD5|MD5|CRYPT|BCRYPT)[0-9]*\}.+|scrypt:.+|pbkdf2:.+|SCRAM-SHA-256\$.+|bcrypt_sha256\$.+"
    r"|\$P\$.{31}|md5[0-9a-f]{32}"
)
_DIGEST = re.compile(r"(?:\\x)?(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96})")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}\..*|eyJ[A-Za-z0-9_-]{60,}.*")
_KEY = re.compile(
    r"(?:sk|pk|rk)_(?:live|test)_\w{8,}|sk-[A-Za-z0-9_-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abposr]-[\w-]{8,}|AKIA[0-9A-Z]{12,}|ASIA[0-9A-Z]{12,}|AIza[\w-]{30,}|ya29\.[\w-]{16,}|SG\.[\w-]{16,}.*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*|hf_\w{20,}|npm_\w{20,}|pypi-\w{16,}",
    re.DOTALL,
)
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
_IPV4 = re.compile(
    r"(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:/[0-9]{1,2})?"
)
_IMAGE = re.compile(r"\\x(?:ffd8ff|89504e47|47494638|424d|49492a00|4d4d002a|52494646)[0-9a-f]*")
_DIGITS = str.maketrans("", "", " -")


def passes_luhn(number: str) -> bool:
    """Whether a card's number has the right check digit, a fitting length, and a known issuer's beginning."""
    digits = number.translate(_DIGITS)
    if not (13 <= len(digits) <= 19 and digits.isascii() and digits.isdigit() and _CARD_BEGINS.match(digits)):
        return False
    if len(set(digits)) == 1:
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def passes_mod_97(account: str) -> bool:
    """Whether an IBAN has the right check digits."""
    plain = account.replace(" ", "").upper()
    if not (15 <= len(plain) <= 34 and plain.isascii() and plain.isalnum()):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def _is_card(value: str) -> bool:
    return _CARD.fullmatch(value) is not None and passes_luhn(value)


def _is_iban(value: str) -> bool:
    return _IBAN.fullmatch(value) is not None and passes_mod_97(value)


def _is_phone(value: str) -> bool:
    """Whether it is written as people write phone numbers; digits alone could be anything."""
    if not _PHONE.fullmatch(value) or not _PHONE_MARK.search(value) or _SSN.fullmatch(value):
        return False
    digits = sum(letter.isdigit() for letter in value)
    return 7 <= digits <= 18 and not _DATE.match(value) and _IPV4.fullmatch(value) is None


def _is_ipv6(value: str) -> bool:
    try:
        IPv6Interface(value)
    except ValueError:
        return False
    return True


_DATE = re.compile(
    r"[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:[0-9]{4}|[0-9]{2})$"
)


@dataclass(frozen=True, slots=True)
class _Test:
    """A kind, and how one value is told to be of it."""

    kind: str
    does: str  # after "n % of m sampled values"
    passes: Callable[[str], object]
    shortest: int = 1
    needs: str = ""  # a letter without which no value passes


_TESTS = (
    _Test("email", "are email addresses", re.compile(_EMAIL).fullmatch, 6, "@"),
    _Test("card", "pass the Luhn check of card numbers", _is_card, 13),
    _Test("iban", "pass the check of IBANs (mod 97)", _is_iban, 15),
    _Test("national-id", "have the form of a US social security number", _SSN.fullmatch, 11, "-"),
    _Test("phone", "have the form of phone numbers", _is_phone, 7),
    _Test("password-hash", "have the form of password hashes", _HASH.fullmatch, 20),
    _Test("password-hash", "have the form of MD5 or SHA digests", _DIGEST.fullmatch, 32),
    _Test("token", "are JSON web tokens", _JWT.fullmatch, 20, "eyJ"),
    _Test("token", "have the form of API keys or private keys", _KEY.fullmatch, 16),
    _Test("mac-address", "are MAC addresses", _MAC.fullmatch, 17),
    _Test("ip-address", "are IP addresses", _IPV4.fullmatch, 7, "."),
    _Test("ip-address", "are IP addresses", _is_ipv6, 3, ":"),
    _Test("biometric", "begin as image files do", _IMAGE.fullmatch, 6, "\\x"),
)

_WITHIN = (
    ("email", "hold an email address", re.compile(_EMAIL), "@"),
    (
        "token",
        "hold an API key or token",
        re.compile(rf"(?:{_KEY.pattern})|(?:eyJ[A-Za-z0-9_-]{{10,}}\.eyJ)"),
        "",
    ),
)


def examine_values(values: Iterable[str]) -> tuple[Evidence, ...]:
    """Return what distinct *values* look like, the strongest first; what too few of them do is left out."""
    shown = [value.strip() for value in values if value.strip()]
    if len(shown) < _FEWEST:
        return ()
    found = [evidence for test in _TESTS if (evidence := _apply(test, shown)) is not None]
    whole = {evidence.kind for evidence in found}
    found += [evidence for evidence in _look_within(shown) if evidence.kind not in whole]
    return tuple(sorted(found, key=lambda evidence: (evidence.is_within, -evidence.share)))


def _apply(test: _Test, values: Sequence[str]) -> Evidence | None:
    passed = sum(
        1 for value in values if len(value) >= test.shortest and test.needs in value and test.passes(value)
    )
    share = passed / len(values)
    if share < CERTAIN_SHARE:
        return None
    return Evidence(test.kind, share, len(values), test.does)


def _look_within(values: Sequence[str]) -> list[Evidence]:
    found: list[Evidence] = []
    for kind, does, pattern, needs in _WITHIN:
        passed = sum(1 for value in values if needs in value and pattern.search(value))
        if passed and passed / len(values) >= WITHIN_SHARE:
            found.append(Evidence(kind, passed / len(values), len(values), does, is_within=True))
    return found
