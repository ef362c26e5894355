"""Grade a folder under some layers of the sandbox only, and write JSON as the command does: ``grade_in_layers.py FOLDER LAYER...``."""

import json
import sys

from autograder.judging.grading import grade_submission
from autograder.model.course import find_course
from autograder.model.results import to_json
from autograder.model.submission import read_submission
from autograder.runners.class_run import handins
from autograder.sandbox.host import Sandbox


def main() -> None:
    """Do so."""
    folder, *layers = sys.argv[1:]
    course = find_course()
    with Sandbox(layers=frozenset(layers)) as sandbox:
        results = [grade_submission(read_submission(each.path, course, each.student), sandbox) for each in handins([folder], course)]
    print(json.dumps(to_json(results)))


if __name__ == "__main__":
    main()
