"""The benchmark's load of notifications on oslo.messaging: threads that each send one after the other, confirmed.

The driver has no way to say that a notification found no queue, and writes failures to the log instead of raising them;
so there is nothing to check here, and what is lost shows only in the listener's count.
"""
import os

import oslo_messaging

import common
from load import Load

options = common.arguments(
    what=str, inflight=int, size=int, seconds=float, warmup=float, fill=int)
notifier = oslo_messaging.Notifier(
    common.notification_transport(options.url), publisher_id='bench.host-1',
    driver='messagingv2', topics=[options.topic])
payload = {'data': 'x' * options.size}

load = Load(
    lambda: notifier.info({}, 'bench.happened', payload),
    min(options.inflight, common.MOST_THREADS))
seconds, _ = load.run(options.warmup, options.seconds)
load.tell(seconds, unroutable=None)
common.wait_for_stdin()
os._exit(0)
