"""The benchmark's server on oslo.messaging: `echo` for calls, `hit` and `handled` for casts."""
import os
import signal
import threading

import oslo_messaging

import common


class Endpoint:
    target = oslo_messaging.Target(version='1.0')

    def __init__(self):
        self.count = 0
        self.lock = threading.Lock()

    def echo(self, ctxt, data):
        return data

    def hit(self, ctxt, data):
        with self.lock:
            self.count += 1

    def handled(self, ctxt):
        return self.count


options = common.arguments(what=str)
transport, endpoint = common.transport(options.url), Endpoint()
for number in range(common.FANOUT_SERVERS if options.what == 'fanout' else 1):
    oslo_messaging.get_rpc_server(
        transport, oslo_messaging.Target(topic=options.topic, server='s%d' % (number + 1)),
        [endpoint], executor='threading').start()
common.tell('ready')
if options.follow_stdin:
    common.wait_for_stdin()
else:
    signal.sigwait([signal.SIGINT, signal.SIGTERM])
# Stopping in order takes oslo.messaging seconds; nothing is under way any more.
os._exit(0)
