#!/usr/bin/env bash
# Starts the peer of ../shared/peers/diy: start.sh <work folder> <port> <redis port> <splitter>. Its packages are installed once into the work folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$1 port=$2 redis=$3 splitter=$4
mkdir -p "$work"
cp -f "$here"/../../../../shared/peers/diy/* "$work"/
cd "$work"
# BullMQ wants its Redis client installed beside it.
[ -d node_modules/ioredis ] || npm install --silent --no-audit --no-fund ioredis >&2
rm -rf run redis-data; mkdir run redis-data
redis-server --port "$redis" --bind 127.0.0.1 --appendonly yes --save "" --dir redis-data >redis.log & pids=$!
trap 'kill $pids 2>/dev/null; wait' EXIT INT TERM
sleep 0.5
node server.mjs "$port" "$redis" ./run >server.log 2>&1 & pids="$pids $!"
SPLITTER=$splitter node worker.mjs "$redis" ./run 2 >worker.log 2>&1 & pids="$pids $!"
wait
