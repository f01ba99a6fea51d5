#!/bin/bash
# uv comes with the image. The reward is in JSON here, beside a figure that is none.
source "$HOME/.local/bin/env"
uvx -p 3.13 -w pytest==8.4.1 -w pytest-json-ctrf==0.3.5 \
  pytest --ctrf /logs/verifier/ctrf.json /tests/test_outputs.py -rA
if [ $? -eq 0 ]; then
  echo '{"reward": 1}' >/logs/verifier/reward.json
else
  echo '{"reward": 0}' >/logs/verifier/reward.json
fi
