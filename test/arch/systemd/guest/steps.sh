#!/bin/sh
# Runs each script in /srv/steps, and writes a line to the second serial port: the exit status, and the standard output and
# error as base64.
stty -F /dev/ttyS1 raw
for step in /srv/steps/*; do
  PATH=/srv/guest:$PATH sh "$step" >/tmp/out 2>/tmp/err </dev/null
  echo "$? $(base64 --wrap=0 /tmp/out) $(base64 --wrap=0 /tmp/err)" >/dev/ttyS1
done
