"""The table of figures: what each must reach, what others reach, and the verdict on a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Row:
    """One figure.

    Parameters
    ----------
    name : str
        Key in what `measure.measure` returns.
    label : str
        Words for it, with the unit.
    limit : float
        What it must reach; with `kind` "one", how far it may be from 1.
    kind : {'most', 'least', 'one'}
        The limit is the most of the absolute value, the least, or a distance from 1.
    reference : float or None
        What the observatory's pipeline reaches on like data.
    perfect : float or None
        What the perfect stack has at the nominal settings (mean over seeds 1 to 3), where that is more
        than chance. On other settings the limit grows as the perfect stack's own figure does; None
        leaves it as it is.
    """

    name: str
    label: str
    limit: float
    kind: Literal["most", "least", "one"] = "most"
    reference: float | None = None
    perfect: float | None = None


ROWS = (
    Row("astrometry", "astrometric rms per star, both axes together, mas", 6, reference=4, perfect=4.6),
    Row("flux_offset", "star fluxes: median offset, %", 0.4, reference=0.2),
    Row("flux_scatter", "star fluxes: robust scatter, %", 0.6, reference=0.7, perfect=0.45),
    Row("galaxy_offset", "galaxies of 0.5 to 2 arcsec: median flux offset, %", 1),
    Row("fwhm_excess", "stack FWHM above perfect, %", 5),
    Row("noise_pixels", "noise over prediction: pixels", 0.05, "one", 0.71),
    Row("noise_2", "noise over prediction: sums in r = 2 px", 0.05, "one", 0.86),
    Row("noise_4", "noise over prediction: sums in r = 4 px", 0.05, "one", 0.88),
    Row("noise_8", "noise over prediction: sums in r = 8 px", 0.05, "one", 0.90),
    Row("residual_sky", "residual sky: box medians over pixel sigma", 0.04, reference=0.084, perfect=0.023),
    Row("outliers", "pixels beyond 6 sigma, per million", 2, reference=0.4),
    Row("flagged", "flagged pixels in the sky's area, %", 0.5),
    Row("depth", "faint point source: magnitudes short of perfect", 0.12, reference=0.31),
    Row("probe_quadrant", "guide probe: its quadrant against the rest, pixel sigma", 0.2),
    Row("probe_false", "without a guide probe: pixels flagged for one", 0),
    Row("bpm_dead", "BPM: response < 0.1 found, %", 99, "least", 100),
    Row("bpm_low", "BPM: response < 0.65 found, %", 99, "least", 100),
    Row("bpm_high", "BPM: response > 1.35 found, %", 99, "least", 99),
    Row("bpm_hot", "BPM: hot > 15 e-/s found, %", 95, "least", 23),
    Row("bpm_good", "BPM: good pixels flagged, %", 0.1, reference=0),
)

#: The row of a data set with one frame's coordinates wrong.
BAD_WCS = Row("bright_scatter", "one wrong WCS: bright-star scatter, %", 1, reference=3.9)


def limit_of(row: Row, best: Mapping[str, float], nominal: bool) -> float:
    """Return the limit of a figure at the settings of the perfect stack given."""
    if nominal or row.perfect is None or row.name not in best:
        return row.limit
    return row.limit / row.perfect * abs(best[row.name])


def holds(row: Row, value: float, limit: float) -> bool:
    """Say whether a figure keeps its limit."""
    if row.kind == "least":
        return value >= limit
    return abs(value - 1 if row.kind == "one" else value) <= limit


def show(ours: Mapping[str, float], best: Mapping[str, float], nominal: bool = True) -> str:
    """Return the table as text, and below it what the figures were measured on.

    Parameters
    ----------
    ours, best : mapping of str to float
        Figures of a stack and of the perfect one.
    nominal : bool, optional
        Whether the data have the nominal settings.

    Returns
    -------
    str
        Lines: figure, limit, ours, perfect, reference, verdict.
    """
    lines = [f"{'':52}{'limit':>9}{'ours':>9}{'perfect':>9}{'reference':>10}"]
    for row in ROWS:
        if row.name in ours:
            lines.append(line(row, ours, best, nominal))
    lines.append(
        f"{ours['stars']:.0f} stars (perfect: {best['stars']:.0f}), {ours['bright']:.0f} of them bright; "
        f"{ours['galaxies']:.0f} galaxies (their median is known to {ours['galaxy_error']:.2f} %); "
        f"{ours['area'] / 1e6:.2f} million pixels of sky, with room for "
        f"{ours['apertures_2']:.0f}, {ours['apertures_4']:.0f}, {ours['apertures_8']:.0f} apertures"
    )
    lines.append(
        f"besides: bright-star scatter {ours['bright_scatter']:.2f} % "
        f"(perfect {best['bright_scatter']:.2f}); mean sky {ours['level']:+.4f} sigma; pixel sigma "
        f"{ours['sigma']:.2f} ({best['sigma']:.2f}) e-; "
        f"FWHM {ours['fwhm']:.3f} ({best['fwhm']:.3f}) px"
    )
    return "\n".join(lines)


def line(row: Row, ours: Mapping[str, float], best: Mapping[str, float], nominal: bool) -> str:
    """Return one line of the table."""
    limit = limit_of(row, best, nominal)
    value, known = ours[row.name], best.get(row.name)
    sign = {"most": "<", "least": ">", "one": "1 +-"}[row.kind]
    bound, here = f"{sign} {limit:.3g}", f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"
    perfect = "" if known is None else f"{known:.3f}"
    reference = "" if row.reference is None else f"{row.reference:g}"
    verdict = "holds" if holds(row, value, limit) else "FAILS"
    return f"{row.label:52}{bound:>9}{here:>9}{perfect:>9}{reference:>10}  {verdict}"
