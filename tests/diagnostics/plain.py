# A plain program: numbers are numbers, only Value makes nodes, and math's own functions cut graphs.
import math
from math import exp, pi
from math import tanh as squash

from vrepl import Value, sin

x = 2.0
a = Value(x)
#: V201:4
b = math.sin(a)
#: V201:8
c = a * exp(a * pi)
#: V201:4
d = squash(c)
e = sin(a) + a.tanh() + math.sin(x) + math.floor(x)
f = math.sin(float(a))
#: V301:4
g = a / (x - 2)
