"""Which drivers the installed oslo.messaging's routing driver names for notifications.

Reads one JSON object a line, `rules` (YAML) and `notifications` (`[event type, priority]`, as a notifier has them), and
prints one JSON object a line: `drivers`, a sorted array for each notification, or the exception.

Its method is asked directly, group by group as its `notify` does: in 18.3.1 `notify` itself cannot load any driver.
"""

import json
import sys

import yaml

from oslo_messaging.notify import _impl_routing


def ask(rules, notifications):
    driver = _impl_routing.RoutingDriver(None, topics=[], transport=None)
    try:
        groups = yaml.safe_load(rules) or {}
        answers = []
        for event_type, priority in notifications:
            drivers = set()
            for group in groups.values():
                drivers.update(driver._get_drivers_for_message(group, event_type, priority.lower()))
            answers.append(sorted(drivers))
        return {"drivers": answers}
    except Exception as error:
        return {"exception": type(error).__name__}


for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(ask(question["rules"], question["notifications"])), flush=True)
