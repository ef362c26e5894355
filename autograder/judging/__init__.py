"""A student's functions judged by a hidden suite."""
