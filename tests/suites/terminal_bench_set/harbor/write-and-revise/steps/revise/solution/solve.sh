#!/bin/bash
cd /app && echo glass >>list.txt && sort -o list.txt list.txt
