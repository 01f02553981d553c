from . import simulate as simulate
from .archive import fetch as fetch
from .biographies import biography as biography
from .calibrating import (
    add_calibrations as add_calibrations,
    calibrations_for as calibrations_for,
    remove_calibrations as remove_calibrations,
)
from .campaign.engine import reduce_all as reduce_all
from .campaign.planning import plan_all as plan_all
from .core.frame import Frame as Frame
from .core.noise import sum_sigma as sum_sigma
from .errors import F2Error as F2Error
from .explained import (
    parameters_for as parameters_for,
    provenance as provenance,
    recipes_for as recipes_for,
)
from .files import select as select, table as table
from .io.read import read_frame as read_frame
from .io.write import write_frame as write_frame
from .pictures import show as show
from .quality import quality_table as quality_table, quality_text as quality_text
from .recipes.settings import read_settings as read_settings, save_settings as save_settings
from .reduction import planned as planned, reduce as reduce
from .runs import clear as clear
from .verdicts import check as check

__version__: str
