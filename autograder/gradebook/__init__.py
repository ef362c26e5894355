"""Writes results for nbgrader: its database, autograded notebooks, feedback."""
