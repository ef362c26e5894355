"""Many submissions: who grades them, and what was graded before."""
