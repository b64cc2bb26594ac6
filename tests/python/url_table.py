"""What the installed oslo.messaging, kombu and py-amqp make of transport URLs.

Reads one JSON string a line, a URL, and prints one JSON object a line: the driver, the options that the query leaves,
and for each host what would be sent to it; or the exception, with the step that raised it. Nothing is connected: the
driver's own connection object is made, and in the place of py-amqp's connection stands a recorder.
"""

import json
import logging
import random
import sys

import oslo_messaging
from amqp.transport import to_host_port
from kombu import compression
from oslo_config import cfg
from oslo_messaging._drivers import common
from oslo_messaging._drivers import impl_rabbit

logging.disable(logging.CRITICAL)
# The driver shuffles its hosts; the table compares them in the order written.
random.shuffle = lambda hosts: None
impl_rabbit.Connection.ensure_connection = lambda self: None

OPTIONS = {
    "amqp_durable_queues": "amqp_durable_queues",
    "amqp_auto_delete": "amqp_auto_delete",
    "rabbit_transient_queues_ttl": "rabbit_transient_queues_ttl",
    "rabbit_qos_prefetch_count": "rabbit_qos_prefetch_count",
    "heartbeat_timeout_threshold": "heartbeat_timeout_threshold",
    "rabbit_retry_interval": "interval_start",
    "rabbit_retry_backoff": "interval_stepping",
    "rabbit_interval_max": "interval_max",
    "kombu_reconnect_delay": "kombu_reconnect_delay",
    "kombu_failover_strategy": "kombu_failover_strategy",
    "kombu_missing_consumer_retry_timeout": "kombu_missing_consumer_retry_timeout",
    "direct_mandatory_flag": "direct_mandatory_flag",
    "ssl": "ssl",
}


class Recorder:
    """Stands for amqp.Connection."""

    def __init__(self, host, userid, password, virtual_host, **rest):
        host, port = to_host_port(host)
        self.sent = {"host": host, "port": port, "username": userid, "password": password,
                     "virtual_host": virtual_host}

    def connect(self):
        """Nothing is connected."""


def opened(kombu_connection):
    transport = kombu_connection.transport
    transport.Connection = Recorder
    return transport.establish_connection().sent


def compression_header(name):
    return compression.get_encoder(name)[1] if name else None


def ask(url):
    step = "parse"
    try:
        conf = cfg.ConfigOpts()
        conf([], project="url_table", default_config_files=[], default_config_dirs=[])
        parsed = oslo_messaging.TransportURL.parse(conf, url)
        step = "load"
        driver = oslo_messaging.get_rpc_transport(conf, url=url)._driver
        step = "connect"
        connection = impl_rabbit.Connection(driver.conf, driver._url, common.PURPOSE_LISTEN)
        kombu_connection = connection.connection
        if kombu_connection.transport_cls == "memory":
            return {"driver": "memory"}
        hosts = [opened(kombu_connection)]
        for alternate in kombu_connection.alt[1:len(parsed.hosts)]:
            kombu_connection.switch(alternate)
            hosts.append(opened(kombu_connection))
        step = "publish"
        options = {name: getattr(connection, attribute) for name, attribute in OPTIONS.items()}
        options["kombu_compression"] = compression_header(connection.kombu_compression)
        return {"driver": "rabbit", "hosts": hosts, "options": options}
    except Exception as error:
        return {"step": step, "exception": type(error).__name__}


for line in sys.stdin:
    print(json.dumps(ask(json.loads(line))), flush=True)
