"""Grade a folder with options that the command line doesn't have, and write the JSON that it would: ``grade_with.py FOLDER OPTIONS``."""

import json
import sys
from dataclasses import replace

from autograder import classroom
from autograder.course import find_course
from autograder.results import to_json
from autograder.sandbox.host import Limits, Sandbox


def main() -> None:
    """Do so."""
    folder, how = sys.argv[1], json.loads(sys.argv[2])
    course = find_course()
    if how["layers"]:
        classroom.Sandbox = lambda confine: Sandbox(confine, layers=frozenset(how["layers"]))
    options = classroom.Options(how["confine"], replace(Limits(), **how["limits"]), 1 if how["layers"] else how["jobs"], cache=False)
    results = list(classroom.grade(classroom.handins([folder], course), course, options))
    print(json.dumps(to_json(results)))


if __name__ == "__main__":
    main()
