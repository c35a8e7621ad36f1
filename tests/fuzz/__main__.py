"""See `tests.fuzz.trial`."""

import sys

from tests.fuzz.kinds import KINDS
from tests.fuzz.trial import run

name, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tally = run(KINDS[name], name, first, count)
print(tally.as_json())
for number, fault in tally.faults.items():
    print(f"{name} {number}\n{fault}", file=sys.stderr)
sys.exit(bool(tally.faults))
