"""Figures of the lectures: a module each, whose functions take data and return a figure."""
