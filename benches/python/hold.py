"""A process with many servers, each on a topic of its own and called once by a client of its own, on one transport."""
import os

import oslo_messaging

import common


class Endpoint:
    target = oslo_messaging.Target(version='1.0')

    def echo(self, ctxt, data):
        return data


options = common.arguments(count=int)
transport = common.transport(options.url)
for number in range(options.count):
    topic = '%s-%d-%d' % (options.topic, os.getpid(), number)
    oslo_messaging.get_rpc_server(
        transport, oslo_messaging.Target(topic=topic, server='s1'), [Endpoint()], executor='threading').start()
    client = oslo_messaging.get_rpc_client(
        transport, oslo_messaging.Target(topic=topic, version='1.0'), timeout=60)
    client.call({}, 'echo', data='x')
common.tell('ready')
common.wait_for_stdin()
# Stopping in order takes oslo.messaging seconds; nothing is under way any more.
os._exit(0)
