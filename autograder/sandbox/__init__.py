"""Where a submission's code runs: confined, watched, and able to hurt only itself.

`host` is what the rest of the grader uses. A guest is forked by the `zygote` (which `process` starts), puts itself under `confine`, runs
`cells` and serves calls in `guest`; the two sides talk through a `channel` in frames of `wire`.
"""
