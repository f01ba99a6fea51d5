#!/bin/bash
printf "oil\nwick\nmatch\n" >/app/list.txt
