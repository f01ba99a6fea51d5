#!/bin/bash
# Eight crates, half a second each.
if [ -e /app/store ]; then
  echo "The harvest was brought in already." >&2
  exit 1
fi
mkdir /app/store
for crate in 1 2 3 4 5 6 7 8; do
  sleep 0.5
  weight=$((crate * crate % 7 + 11))
  echo "crate $crate weighs $weight"
  echo "$weight" >"/app/store/crate-$crate"
done
echo "That is all."
touch /app/store/closed
