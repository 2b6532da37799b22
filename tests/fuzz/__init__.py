"""Fuzzing: what must hold for any input, tried on as many inputs as there is time for.

``make fuzz`` runs every target for its share of ``FUZZ_MINUTES``. An input is a string
of bytes; a target says what it starts from, how it is changed, and what must hold. Two
engines make the inputs: atheris, guided by coverage, where it is installed, and blind
mutation where it is not, or where what is tested is another process.
"""
