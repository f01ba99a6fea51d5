#!/bin/bash
cd /app/inbox || exit
for letter in [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]-*; do
  year=${letter%%-*}
  mkdir -p "/app/archive/$year"
  mv "$letter" "/app/archive/$year/"
done
cd /app/archive && find [0-9]* -type f | sort >index.txt
