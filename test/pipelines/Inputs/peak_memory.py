"""Runs a command and prints its exit code and whether its peak memory stays below a limit: peak_memory.py MiB command..."""
import os
import sys

pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
limit = int(sys.argv[1]) * 1024
print(f"exit {os.waitstatus_to_exitcode(status)}, peak {'within' if usage.ru_maxrss <= limit else usage.ru_maxrss} {limit} KiB")
