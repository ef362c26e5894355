"""Grading of many submissions: the queue, the workers, and the store of earlier results."""
