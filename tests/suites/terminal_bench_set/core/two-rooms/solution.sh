#!/bin/bash
cd /app || exit
for part in 1 2 3 4; do
  curl -s "http://archive:8000/part/$part"
done >whole.txt
curl -s --data-binary @whole.txt http://archive:8000/whole >receipt.txt
