"""How fast is the proxy, against a bare mitmdump and against no proxy at all?

``python -m benchmarks`` (or ``make bench``) starts every subject on 127.0.0.1, measures
them in turn, round after round, and writes ``RESULTS.md`` and ``results.json`` here.
The upstream and the load generator are written in C, because a measuring device that is
as slow as what it measures shows only itself; the subject "direct" shows how far away
they are from being the limit.
"""
