"""Faults on purpose: killed processes, crashed servers, races, full disks, damaged files. `make torture` runs all."""
