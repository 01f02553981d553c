"""The family of errors: each says what, where, found against needed, and what to do next.

F2Error
├── NotF2Data           a file that is no Flamingos-2 image, or cannot be read as one
├── WrongInputs         frames that do not belong together, or not to this recipe
├── NoCalibration       nothing fits, and why each near miss does not
├── WrongCalibration    a calibration was given that does not fit
├── CalibrationStore    the database of calibrations is not ours, damaged or busy
├── NotFetched          the archive cannot be reached, or does not answer as it should
├── NotWritten          a product could not be written; what was there is as it was
├── ParameterError      an unknown name or a value out of bounds (also a ValueError)
│   └── ExpressionError a selection expression that cannot be read, with the column
└── Cancelled           the user stopped the run; no failure
"""


class F2Error(Exception):
    """Any error that f2widgets raises on purpose."""


class NotF2Data(F2Error):
    """A file that is not a Flamingos-2 image, or cannot be read as one."""


class WrongInputs(F2Error):
    """Frames that do not belong together, or that no recipe takes."""


class NoCalibration(F2Error):
    """No calibration fits a frame."""


class WrongCalibration(F2Error):
    """A calibration was given that does not fit the frame."""


class CalibrationStore(F2Error):
    """The database of calibrations is not ours, damaged or busy."""


class NotFetched(F2Error):
    """The observatory's archive cannot be reached, or does not answer as it should."""


class NotWritten(F2Error):
    """A product could not be written; whatever was there before is as it was."""


class ParameterError(F2Error, ValueError):
    """An unknown parameter or step, or a value outside its limits."""


class StepFailed(F2Error):
    """A step of the user's own went wrong."""


class ExpressionError(ParameterError):
    """A selection expression that cannot be read.

    Parameters
    ----------
    message : str
        What is wrong, in words.
    expression : str
        The whole expression.
    column : int
        Where the trouble starts, counted from 0.
    """

    def __init__(self, message: str, expression: str, column: int) -> None:
        super().__init__(f"{message}\n  {expression}\n  {' ' * column}^")
        self.reason = message
        self.expression = expression
        self.column = column


class Cancelled(F2Error):
    """The user stopped the run."""
