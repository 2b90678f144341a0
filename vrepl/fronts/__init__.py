"""Thin faces: IPython, the shell and the script runner."""
