"""Errors in a notebook, said in a sentence: what is meant for the reader, without the way it took."""

from __future__ import annotations

from typing import Any

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


def gently() -> None:
    """Let errors that a learner will meet speak in a sentence, in this notebook.

    Errors of this package, names that are not there yet because a cell above was not run, and files that
    cannot be read or written. All others are shown as always. Outside of IPython nothing happens.
    """
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell: Any = get_ipython()  # type: ignore[no-untyped-call,unused-ignore]
    if shell is not None:
        shell.set_custom_exc((F2Error, NameError, OSError), _shown)


def _shown(
    shell: Any, kind: type[BaseException], error: BaseException, trace: Any, tb_offset: Any = None
) -> list[str]:
    """Show the sentence in place of the traceback; the cell counts as failed all the same."""
    text = [sentence(error)]
    shell._showtraceback(kind, error, text)
    return text
