"""What makes a notebook kind to who learns: errors said in a sentence, and memory given back."""

from __future__ import annotations

from collections.abc import Mapping
from traceback import walk_tb
from types import TracebackType
from typing import Any

from f2widgets.core.memory import BINDER, claim, give_back
from f2widgets.errors import F2Error


def sentence(error: BaseException) -> str:
    """Return what to tell somebody who learns.

    Parameters
    ----------
    error : F2Error, NameError, FileNotFoundError or OSError
        What went wrong.

    Returns
    -------
    str
        What it is and what to do.
    """
    if isinstance(error, NameError) and error.name:
        return (
            f"{error.name} is not there yet. Run the cells above first, from the top: "
            "Run > Run All Above Selected Cell. After a restart of the kernel this is needed again."
        )
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return (
            f"{where}{error.strerror or error}. Run the cells above first, or look at the name and the disk."
        )
    return str(error)


def where(error: BaseException, trace: TracebackType | None, cells: Mapping[str, Any]) -> str:
    """Return in a sentence which line of a cell went wrong, and what it had called.

    Parameters
    ----------
    error : BaseException
        What went wrong.
    trace : traceback
        The way it took.
    cells : mapping
        The names of the notebook: what its cells have for globals.

    Returns
    -------
    str
        To stand above the traceback.
    """
    line, called = None, ""
    for frame, number in walk_tb(trace):
        if frame.f_globals is cells:
            line, called = number, ""
        elif line is not None and not called:
            ours = str(frame.f_globals.get("__name__", "")).partition(".")[0] == "f2widgets"
            called = frame.f_code.co_qualname.removesuffix(".__init__") if ours else "-"
    what = f"({type(error).__name__}: {error})"
    if called in ("", "-"):
        return f"Line {line or 1} of this cell cannot be carried out {what}."
    return (
        f"Line {line} of this cell gave {called} something that it cannot work with {what}. "
        f"Look at what stands in its brackets; help({called}) tells what belongs there."
    )


def gently() -> None:
    """Let errors that a learner will meet speak in a sentence, in this notebook.

    Errors of this package, names that are not there yet because a cell above was not run, and files that
    cannot be read or written. Of all others a sentence stands above what Python says. Outside of IPython
    nothing happens.
    """
    shell = _shell()
    if shell is not None:
        shell.set_custom_exc((Exception,), _shown)


def frugally() -> None:
    """Let this notebook make do with the memory of Binder, also at home.

    After each cell it gives back what lies free: on the full array `01_dither_on_target` holds half as much
    between its cells. Nine frames of that size are parked on disk while they are reduced. Outside of IPython
    nothing happens.
    """
    shell = _shell()
    if shell is None:
        return
    claim(BINDER)
    if _after_cell not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _after_cell)


def _after_cell(_: Any) -> None:
    """Give back what lies free."""
    give_back()


def _shell() -> Any:
    """Return the shell of this notebook; None outside of IPython."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    return get_ipython()  # type: ignore[no-untyped-call,unused-ignore]


def _shown(
    shell: Any, kind: type[BaseException], error: BaseException, trace: Any, tb_offset: Any = None
) -> list[str]:
    """Show a sentence in place of the traceback, or above it; the cell counts as failed all the same."""
    if isinstance(error, F2Error | NameError | OSError):
        text = [sentence(error)]
    else:
        full = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
        text = [where(error, trace, shell.user_global_ns), "", *full]
    shell._showtraceback(kind, error, text)
    return text
