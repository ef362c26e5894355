"""Results into nbgrader: its database, autograded notebooks, feedback."""
