"""
Words that say what kind of thing a column holds.

I/O: none.
"""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """Return the words of *text*."""
    return frozenset(text.split())


CLAIMS = word_set(
    "is are was were be has have had can could may might must should shall will would does do did needs"
    " need requires require required allows allow accepts accept uses use includes include contains"
    " contain wants want supports support shows show hides hide keeps keep sends send skips skip enable"
    " enables disable disables exclude excludes ignore ignores prefers prefer gets exists applies apply"
    " expects forces force prevents prevent blocks block owns permits permit notify continue not never"
    " always no pay pays bill bills display displays finalize finalizes consolidate grants grant"
    " awaiting pending print prints email emails receive receives subscribe track tracks charge charges"
    " renew renews retry retries archive archives delete deletes update updates create creates add adds"
    " remove removes copy copies sync syncs import imports export exports load loads run runs start"
    " starts stop stops open opens close closes lock locks verify verifies confirm confirms validate"
    " validates check checks ask asks opt inherit inherits override overrides replace replaces reset"
    " resets limit limits restrict restricts bypass consider filter filters collect merge merges split"
    " splits publish publishes approve approves reject rejects return returns refund refunds calculate"
    " round rounds convert converts group groups sort sorts match matches belongs depends works"
)
"""Verbs in the name of a boolean that make a claim, or an order, of it."""

CLAIM_ADJECTIVES = word_set(
    "active inactive public private visible invisible hidden valid invalid primary secondary default"
    " required optional mandatory available unavailable online offline open closed read unread done"
    " dirty stale secure anonymous internal external global local recurring permanent temporary final"
    " current sticky readonly writable nullable unique exclusive inclusive automatic manual obsolete"
    " free paid sold sent seen known unknown shown withdrawn broken frozen chosen taken given taxable"
    " billable refundable on off dead alive empty full ready busy correct complete incomplete eligible"
    " present absent sensitive recursive"
)
"""Adjectives and participles without -ed that are a claim of their own."""

CODE_WORDS = word_set(
    "status state type kind code class category mode flag stage phase method reason grade tier severity"
    " gender sex stat stt sts cd typ cat cls flg ind indicator"
)
"""Last words of columns that hold one of a few codes."""

SURE_CODE_WORDS = word_set("status state type kind mode flag stage phase stat cd typ flg sts stt")
"""Those of them that a small number under such a name is always a code, whatever the data."""

QUANTITY_WORDS = word_set(
    "count cnt qty quantity number num no nbr nr amount amt total sum age year month week day days hour"
    " hours minute minutes second seconds duration length width height depth size weight score rating"
    " rate rank position pos order sort sequence seq ordinal index idx version revision percent"
    " percentage pct ratio price cost fee points stock units unit level limit max min maximum minimum"
    " average avg balance capacity quota attempts attempt retries retry offset precision scale priority"
    " line row floor page pages copies seats rooms guests children adults times decimals digits"
    " milliseconds ms latitude longitude step steps quarter episode season track disc chapter discount"
    " stars votes likes views hits"
)
"""Words of columns whose small numbers are counted or measured, not looked up."""

UNITLESS_WORDS = word_set(
    "duration timeout delay elapsed latency ttl length size weight height width distance depth"
    " temperature volume speed lifetime uptime runtime bandwidth throughput pressure altitude mileage"
    " dose dosage concentration"
)
"""Quantities that mean nothing without a unit."""

UNITS = word_set(
    "ns us ms s sec secs second seconds millisecond milliseconds microseconds min mins minute minutes h"
    " hr hrs hour hours day days week weeks month months year years mm cm m km meter meters metre metres"
    " kilometers kilometres in inch inches ft foot feet yd yards mi mile miles mg g kg gram grams"
    " kilogram kilograms lb lbs pound pounds oz ounce ounces ton tons tonnes ml l liter liters litre"
    " litres gal gallons b byte bytes kb mb gb tb kib mib gib bits kbps mbps bps hz khz mhz ghz px"
    " pixels pt celsius fahrenheit kelvin c f kmh mph knots pa kpa bar psi percent pct count words"
    " characters chars rows pages items pieces units sqm sqft"
)
"""Words that name a unit."""

MONEY_WORDS = word_set(
    "price cost fee fees salary wage wages balance tax vat freight payment revenue subtotal invoice"
    " refund deposit commission earnings income expense profit bonus budget msrp"
)
"""Words of columns that hold money, whatever the table."""

MONEY_TABLE_WORDS = word_set("payment payments invoice invoices order orders refund refunds sale sales")
"""In tables of these, an amount or a total is money."""

GENERIC_COLUMNS = word_set(
    "data value val values info information misc miscellaneous stuff thing object obj field attr"
    " attribute temp tmp flag type kind num no result ref extra other str var variable column entry"
)
"""Names of columns that say nothing, in any table."""

GENERIC_TABLES = word_set(
    "data info information misc miscellaneous stuff things objects object table tables records record"
    " items item entries entry values value temp tmp test tests main common general details detail list"
    " lists log logs history config"
)
"""Names of tables that say nothing of their rows."""

LEFTOVER_WORDS = word_set("old bak backup bkp tmp temp copy deprecated unused obsolete delete deleteme")
"""Last (or first) words of names of things that were left behind."""

ENTITY_WORDS = word_set("attribute attributes property properties meta metadata option options")
"""Words of tables that hold attributes of something as rows."""

NULL_WORDS = (
    "null",
    "none",
    "empty",
    "unset",
    "not yet",
    "if any",
    "until",
    "unless",
    "optional",
    "missing",
    "absent",
    "blank",
    "unknown",
    "only for",
    "only if",
    "only when",
    "where known",
    "if known",
    "if it",
    "if the",
    "when it",
    "not set",
    "still",
    "without",
    "no longer",
    "otherwise",
    "applicable",
)
"""What a comment says that tells what NULL means."""

ENDINGS = word_set(
    "ended end deleted closed cancelled canceled completed shipped delivered paid approved rejected"
    " resolved finished archived returned expired expires revoked terminated discontinued confirmed"
    " verified processed published sent read received removed disabled activated deactivated"
    " acknowledged assigned released discharged died death settled refunded locked suspended retired"
    " withdrawn signed accepted declined started"
)
"""What happens to a row once, or never: NULL says that it has not happened."""

MOMENT_WORDS = word_set("at on date time datetime timestamp ts by")
"""Words that follow one of :data:`ENDINGS` in a name."""

PARENT_WORDS = word_set("parent manager supervisor reports superior predecessor successor replaces")
"""Words of columns that point to a row above, or to none."""
