"""Draws the immutable `Graph` snapshot: terminal text, SVG, tables and DOT source.

It knows shapes and space; what a graph means and how it came about is left to `vrepl.core`.
"""
