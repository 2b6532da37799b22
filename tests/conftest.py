"""Settings of every test.

A gate that tries other inputs each time fails for what its change has not done. So
the properties are tried on the same inputs each time; ``make fuzz`` looks for new ones.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("same-inputs", derandomize=True, deadline=None)
settings.register_profile("new-inputs", deadline=None)
settings.load_profile("same-inputs")
