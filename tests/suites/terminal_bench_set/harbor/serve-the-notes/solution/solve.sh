#!/bin/bash
nohup python3 -m http.server 8080 --directory /app/notes >/tmp/server.log 2>&1 </dev/null &
for _ in $(seq 50); do
  (exec 3<>/dev/tcp/localhost/8080) 2>/dev/null && break
  sleep 0.1
done
