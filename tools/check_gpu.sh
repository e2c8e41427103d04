#!/bin/sh
# Check the engine 'torch' on a GPU, in less than 4 minutes: sh tools/check_gpu.sh
# DEVICE=cuda:1 takes another one; DEVICE=cpu does a small part of it anywhere, to show that this script works.
# PYTHON is the environment's; it needs: pip install '.[torch]' pytest
set -e
cd "$(dirname "$0")/.."
PYTHONPATH=.${PYTHONPATH:+:$PYTHONPATH} exec "${PYTHON:-.venv/bin/python}" -u tools/check_gpu.py "${DEVICE:-cuda}"
