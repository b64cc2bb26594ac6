"""What the installed oslo.messaging's notification driver `log` writes.

Reads one JSON array a line, `[priority, message]`, and prints one JSON array a line: name of the logger, name of the level
and the text, or `null` where nothing is written.
"""

import json
import logging
import sys
import warnings

from oslo_messaging.notify import _impl_log

records = []


class Keep(logging.Handler):
    def emit(self, record):
        records.append([record.name, record.levelname, record.getMessage()])


warnings.simplefilter("ignore")
logging.getLogger().addHandler(Keep())
logging.getLogger().setLevel(logging.DEBUG)
driver = _impl_log.LogDriver(None, topics=[], transport=None)
for line in sys.stdin:
    priority, message = json.loads(line)
    records.clear()
    driver.notify({}, message, priority, -1)
    print(json.dumps(records[0] if records else None), flush=True)
