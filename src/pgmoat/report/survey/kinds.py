"""
The kinds of sensitive data, and how bad each is in the wrong hands.

I/O: none.
"""

from __future__ import annotations

from enum import StrEnum


class Harm(StrEnum):
    """What somebody can do with it."""

    SECRET = "secret"  # noqa: S105 - a word, not a secret: it opens something: a password, a token, a card
    PERSONAL = "personal"  # tells who somebody is, or what the law protects
    HINT = "hint"  # says something about somebody only beside other data


KINDS: dict[str, tuple[str, Harm]] = {
    "password": ("a password", Harm.SECRET),
    "password-hash": ("a password's hash", Harm.SECRET),
    "token": ("a token or key that opens something", Harm.SECRET),
    "secret": ("a secret", Harm.SECRET),
    "card": ("a payment card's number", Harm.SECRET),
    "card-code": ("a payment card's security code", Harm.SECRET),
    "iban": ("a bank account", Harm.SECRET),
    "national-id": ("a national id", Harm.PERSONAL),
    "passport": ("a passport or driving licence", Harm.PERSONAL),
    "tax-id": ("a tax id", Harm.PERSONAL),
    "email": ("an email address", Harm.PERSONAL),
    "phone": ("a phone number", Harm.PERSONAL),
    "ip-address": ("an IP address", Harm.PERSONAL),
    "mac-address": ("a device's address", Harm.PERSONAL),
    "birth-date": ("a date of birth", Harm.PERSONAL),
    "health": ("health data", Harm.PERSONAL),
    "belief": ("what the law protects: origin, belief, orientation", Harm.PERSONAL),
    "salary": ("what somebody earns", Harm.PERSONAL),
    "location": ("where somebody is", Harm.PERSONAL),
    "address": ("a postal address", Harm.PERSONAL),
    "person-name": ("a person's name", Harm.PERSONAL),
    "biometric": ("a photo, fingerprint or other bytes of a person", Harm.PERSONAL),
    "profile": ("what describes a person: a CV, a biography, habits", Harm.PERSONAL),
    "free-text": ("free text, which may hold any of them", Harm.HINT),
}
"""Kind to what it is, and the harm."""
