"""What the installed oslo.config reads in configuration files.

Called with `names`, prints the names of the options of [oslo_messaging_rabbit] as a JSON array. Otherwise reads one JSON
object a line, `files` (texts, the later ones over the earlier ones) and `environment`, and prints one JSON object a line:
the `control_exchange` that oslo.messaging would use and the options of notifications, or the exception.
"""

import json
import os
import sys
import tempfile

from oslo_config import cfg
from oslo_messaging import transport
from oslo_messaging._drivers import amqp
from oslo_messaging._drivers import impl_rabbit
from oslo_messaging.notify import _impl_routing
from oslo_messaging.notify import notifier
from oslo_messaging.rpc import client

NOTIFICATION_OPTIONS = notifier._notifier_opts + [_impl_routing.router_config]


def ask(files, environment):
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for number, text in enumerate(files):
            path = os.path.join(folder, f"{number}.conf")
            with open(path, "w", newline="", encoding="utf-8") as file:
                file.write(text)
            arguments += ["--config-file", path]
        conf = cfg.ConfigOpts()
        conf.register_opts(transport._transport_opts)
        conf.register_opts(client._client_opts)
        conf.register_opts(impl_rabbit.rabbit_opts, group="oslo_messaging_rabbit")
        conf.register_opts(NOTIFICATION_OPTIONS, group="oslo_messaging_notifications")
        os.environ.update(environment)
        try:
            conf(arguments, project="config_table", default_config_files=[], default_config_dirs=[])
            group = conf.oslo_messaging_notifications
            notifications = {option.name: group[option.name] for option in NOTIFICATION_OPTIONS}
            return {"control_exchange": conf.control_exchange, "notifications": notifications}
        # A circle of references ends in RecursionError, which is an Exception too.
        except Exception as error:
            return {"exception": type(error).__name__}
        finally:
            for name in environment:
                del os.environ[name]


if sys.argv[1:] == ["names"]:
    print(json.dumps(sorted(option.name for option in amqp.amqp_opts + impl_rabbit.rabbit_opts)))
    sys.exit()
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(ask(question["files"], question["environment"])), flush=True)
