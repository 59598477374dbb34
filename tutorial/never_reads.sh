#!/bin/bash
# never_reads.sh PROGRAM - sends 64 MiB to port 9000, or as much of it as is taken within two seconds, and reads nothing of
# what comes back. When nothing moves any more, and while it is still connected, it says how much memory PROGRAM (a pattern
# for pgrep -f) has for its data, the heap included, and what the kernel holds for the connection.

{
    timeout 2 head -c 64M /dev/zero
    until now=$(ss -tnH 'sport = :9000') && [ "$now" = "$before" ]; do
        before=$now
        sleep 0.5
    done
    awk '/^VmData:/ { printf "memory for data: %.1f MiB\n", $2 / 1024 }' "/proc/$(pgrep -of "$1")/status" >&2
    ss -tn 'sport = :9000' >&2
} >/dev/tcp/127.0.0.1/9000 # bash connects where it finds such a name
