"""The sandbox: runs a submission's code in a confined process with limits.

`host` is the interface for the rest of the grader. The `zygote` (started by `process`) forks a guest, which applies `confine`, runs the
notebook's `cells` and then serves calls (`guest`). Host and guest exchange frames (`wire`) over a `channel`.
"""
