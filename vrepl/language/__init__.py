"""Questions about text, answered without running any of it."""
