"""Every parser of what others send gets whatever there is: one line or a value, and nothing else.

In the suite each test tries Hypothesis's usual number of examples; `make fuzz MINUTES=10` goes on for longer.
"""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("LSTM_COMPOSER_FUZZ_EXAMPLES", "0"))

settings.register_profile(
    "fuzz", max_examples=max(1, EXAMPLES), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
if EXAMPLES:
    settings.load_profile("fuzz")
