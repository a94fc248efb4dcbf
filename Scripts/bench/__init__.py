"""Timing of inference runtimes turn by turn, one worker process each."""
