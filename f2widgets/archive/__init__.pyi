from .download import Outcome as Outcome
from .records import Archived as Archived
from .service import Archive as Archive
from .several import fetch as fetch
from .stand_in import StandIn as StandIn
