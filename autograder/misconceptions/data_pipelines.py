"""Known answers to lecture 2, wrong and right."""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.reference import data_pipelines as right
