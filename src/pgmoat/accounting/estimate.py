"""
How far a share may be from the truth.

In: counts, seconds. Out: half the width of a 95 % interval, as a share. I/O: none.
"""

from __future__ import annotations

import math

_Z = 1.96


def find_share(part: float, total: float) -> float:
    """
    Return what *part* is of *total*, 0 to 1, and 0 of nothing.

    Sums of floats depend on their order: the parts of a total can come to a little more than it.
    """
    return min(1.0, max(0.0, part / total)) if total else 0.0


def find_sampling_error(share: float, samples: int) -> float:
    """
    Return the error of a *share* that was found in *samples*: sessions seen in database time, of everybody.

    The farther end of Wilson's interval: all shares p with |share - p| <= 1.96·√(p(1-p)/n), the error of
    n independent draws. For many samples it is 1.96·√(share(1-share)/n): 1.6 points for 40 % of 3,600. Where
    the share is 0 or 1 that would be no error at all, and for small shares too little; here none of n leaves
    about 3.8/n. Without a sample nothing is known: 1.

    Samples are no independent draws. Those of one long statement come at even distances, which makes the true
    error smaller: whatever it lasts, it is measured to about one interval. Sessions that work at the same
    moments, thirty workers that start together, count as thirty draws and are worth one, which makes the true
    error larger; so do statements that come and go in step with the sampling. For statements shorter than the
    interval, begun at moments of their own, it is right.
    """
    if samples <= 0:
        return 1.0
    weight = _Z * _Z / samples
    middle = (share + weight / 2) / (1 + weight)
    half = _Z * math.sqrt(share * (1 - share) / samples + weight / (4 * samples)) / (1 + weight)
    return min(1.0, max(middle + half - share, share - middle + half))


def find_counting_error(share: float, seconds: float, unknown: float, unknown_of_all: float) -> float:
    """
    Return the error of a *share* of counted *seconds* (of everybody), of which some are not known.

    *unknown* are the agent's, *unknown_of_all* everybody's, it among them. A share is a/(a+o): to the first
    order it moves by ((1-p)·Δa - p·Δo)/(a+o), at most when its own and the others' move against each other.
    """
    if seconds <= 0:
        return 1.0
    others = max(0.0, unknown_of_all - unknown)
    return min(1.0, (unknown * (1 - share) + others * share) / seconds)
