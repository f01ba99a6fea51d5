#!/bin/bash
cd /app && ./harvest.sh | awk '/weighs/ { sum += $4 } END { print sum }' >sum.txt
