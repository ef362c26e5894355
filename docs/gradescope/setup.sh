#!/usr/bin/env bash
# Runs once, when Gradescope builds the autograder's image: Python 3.12, which Ubuntu 22.04 lacks, and the locked versions of all packages.
set -euo pipefail
apt-get update
apt-get install --yes libseccomp2 python3-venv
cd /autograder/source
python3 -m venv /opt/uv
/opt/uv/bin/pip install uv
/opt/uv/bin/uv venv --python 3.12 .venv
/opt/uv/bin/uv pip install --require-hashes -r requirements.lock
/opt/uv/bin/uv pip install --no-deps --no-build-isolation -e course -e .
