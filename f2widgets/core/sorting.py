"""Sorting networks: a fixed list of compare-and-swap that sorts N planes without a branch.

Each comparator is one ``np.minimum`` and one ``np.maximum`` over a block of rows. Comparators whose
result no wanted rank depends on are left out, so a median costs less than a full sort.
Source: K. E. Batcher, "Sorting networks and their applications" (1968), odd-even merge sort.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

#: Where masked values go: so far from zero that no pixel is left of them in single precision.
_FAR = np.float32(1e30)


def _comparators(n: int) -> Iterator[tuple[int, int]]:
    """Give Batcher's odd-even merge sort for n lines."""
    p = 1
    while p < n:
        k = p
        while k >= 1:
            for j in range(k % p, n - k, 2 * k):
                for i in range(min(k, n - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        yield i + j, i + j + k
            k //= 2
        p *= 2


@cache
def network(n: int, ranks: tuple[int, ...]) -> tuple[tuple[int, int, bool, bool], ...]:
    """Return the comparators needed for some ranks of n values.

    Parameters
    ----------
    n : int
        How many values.
    ranks : tuple of int
        Ranks that are wanted, 0 the smallest.

    Returns
    -------
    tuple of (low, high, keep_low, keep_high)
        Lines to compare, and which of the two results anything later needs.
    """
    needed = set(ranks)
    kept = []
    for low, high in reversed(list(_comparators(n))):
        if low in needed or high in needed:
            kept.append((low, high, low in needed, high in needed))
            needed |= {low, high}
    return tuple(reversed(kept))


def sort_ranks(planes: Sequence[NDArray[np.float32]], ranks: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    """Sort values pixel by pixel and return some ranks.

    Parameters
    ----------
    planes : sequence of ndarray, each (rows, columns), float32
        The values; not changed. Without NaN; a value to be left out goes in as infinity.
    ranks : sequence of int
        Ranks wanted, 0 the smallest.

    Returns
    -------
    dict of int to ndarray
        The planes of those ranks.
    """
    lines = list(planes)
    own = [False] * len(lines)  # whether a line is ours to overwrite
    spare = np.empty_like(lines[0])
    for low, high, keep_low, keep_high in network(len(lines), tuple(sorted(set(ranks)))):
        a, b = lines[low], lines[high]
        if keep_low and keep_high:
            smaller = np.minimum(a, b, out=spare)
            if own[high]:
                lines[high] = np.maximum(a, b, out=b)
            else:
                lines[high], own[high] = np.maximum(a, b), True
            lines[low], spare = smaller, (a if own[low] else np.empty_like(a))
            own[low] = True
        elif keep_low:
            lines[low] = np.minimum(a, b, out=a if own[low] else None)
            own[low] = True
        else:
            lines[high] = np.maximum(a, b, out=b if own[high] else None)
            own[high] = True
    return {rank: lines[rank] for rank in ranks}


def median(planes: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the median pixel by pixel of planes without NaN; see `sort_ranks`."""
    n = len(planes)
    middle = sort_ranks(planes, ((n - 1) // 2, n // 2))
    if n % 2:
        return middle[n // 2]
    return np.float32(0.5) * (middle[n // 2 - 1] + middle[n // 2])


def masked_median(
    planes: Sequence[NDArray[np.float32]], masked: Sequence[NDArray[np.bool_]]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the median pixel by pixel of the values that are not masked, and how many there are.

    Parameters
    ----------
    planes : sequence of ndarray, each (rows, columns), float32
        The values.
    masked : sequence of ndarray of bool, each (rows, columns)
        Where a value is to be left out.

    Returns
    -------
    median : ndarray, float32
        0 where nothing is left.
    count : ndarray, uint8
        How many values were used.

    Notes
    -----
    Masked values are sent far away below and above in turn, beginning with below: what is left
    keeps the middle, and two fixed ranks give its median for any mask.
    """
    n = len(planes)
    side = np.full(planes[0].shape, -1, np.int8)  # where the next masked value goes
    count = np.full(side.shape, n, np.uint8)
    lines = []
    for plane, away in zip(planes, masked, strict=True):
        push = away.view(np.int8) * side
        side -= push
        side -= push
        count -= away
        line = push.astype(np.float32)
        line *= _FAR
        line += plane
        lines.append(line)
    low, high = (n // 2, (n + 1) // 2) if n % 2 else (n // 2 - 1, n // 2)
    high = min(high, n - 1)
    ranks = sort_ranks(lines, (low, high))
    single = ranks[low] if n % 2 else ranks[high]
    double = np.float32(0.5) * (ranks[low] + ranks[high])
    odd = side > 0
    middle = np.where(odd == bool(n % 2), double, single) if n > 1 else single
    np.copyto(middle, 0, where=count == 0)
    return middle, count
