"""`math` as a session imports it: the real module, whose functions record when handed a Value.

Only names that the operator table knows differ; everything else here is `math`'s own object.
"""

import math as _math

from vrepl.core.functions import recording as _recording
from vrepl.core.twins import pass_for as _pass_for

globals().update(_recording(vars(_math)))
_pass_for(_math, globals())
del _math, _pass_for, _recording
