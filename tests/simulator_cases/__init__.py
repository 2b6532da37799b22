"""A request that is taken and the smallest change that is not, for each rule."""

from .body import LIMITS, SAMPLING, SHAPE
from .calls import CALLS
from .case import Case
from .envelope import ENVELOPE
from .schemas import IMAGES, SCHEMAS
from .thinking import THINKING
from .turns import TURNS

CASES: tuple[Case, ...] = (
    *ENVELOPE,
    *SHAPE,
    *LIMITS,
    *SAMPLING,
    *TURNS,
    *CALLS,
    *THINKING,
    *SCHEMAS,
    *IMAGES,
)
