"""Modules as a session imports them, where theirs would refuse a node that is a number to others.

They are the real ones but for the functions named in each.
"""
