"""Nodes, operators, graphs and slopes: plain Python that knows no front end."""
