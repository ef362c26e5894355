"""How results are shown: on a terminal (`terminal`), and as a page for the instructor (`page`)."""
