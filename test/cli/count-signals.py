"""Reports each SIGINT and SIGQUIT, and ends at a SIGTERM."""

import signal

SIGNALS = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
print("ready", flush=True)
while signal.sigwait(SIGNALS) != signal.SIGTERM:
    print("got", flush=True)
print("end", flush=True)
