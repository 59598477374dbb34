#!/bin/bash
# nap.sh COMMAND... - runs it, and stops it ten times for a moment, as Ctrl-Z and then `fg` do.

(for _ in {1..10}; do
    sleep 0.1
    kill -STOP $$ && sleep 0.02 && kill -CONT $$ || exit
done 2>/dev/null &)
exec "$@"
