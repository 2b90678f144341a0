"""`math` as a session imports it: the real module, whose functions record when handed a Value.

Only names that the operator table knows differ; everything else here is `math`'s own object.
"""

import math as _math

from vrepl.core.functions import recording as _recording

globals().update({name: value for name, value in vars(_math).items() if name[:2] != "__"})
globals().update(_recording(vars(_math)))

__doc__ = _math.__doc__
