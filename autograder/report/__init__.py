"""Renders results: on a terminal (`terminal`, `progress`), and as an HTML page for the instructor (`page`)."""
