"""Literals, names and commands of a session; knows no front end and paints nothing."""
