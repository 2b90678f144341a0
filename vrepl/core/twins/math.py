"""`math` as a session imports it: functions that have a row record when they are handed a Value.

All others are the real module's.
"""

import math as _math

from vrepl.core.functions import recording as _recording
from vrepl.core.twins import pass_for as _pass_for

globals().update(_recording(vars(_math)))
_pass_for(_math, globals())
del _math, _recording, _pass_for  # people print `dir(math)`
