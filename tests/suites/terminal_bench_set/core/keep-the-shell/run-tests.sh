#!/bin/bash
# uv comes with the image.
source "$HOME/.local/bin/env"
uvx -p 3.13 -w pytest==8.4.1 pytest "$TEST_DIR/test_outputs.py" -rA
