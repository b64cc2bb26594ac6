"""A real oslo.messaging RPC client. argv[1] is its specification as JSON:

    url, allowed_remote_exmods, conf

Each line on standard input is one request, run in a thread of its own:

    {"id": N, "op": "call" | "cast", "target": {...}, "prepare": {...}, "method": M, "args": {...},
     "odd": NAME, "context": {...}, "timeout": S, "call_monitor_timeout": S, "version_cap": V, "retry": N,
     "at_least_once": true}

`odd` sends the value of that name as the argument `x`. Each request is answered by a line {"event": "done", "id": N} with
`result` and `shown` (its repr), or `raised`, and `elapsed`. The end of standard input ends the process.
"""
import json
import sys
import threading
import time

import oslo_messaging

import odd_values
import peer


def describe(error):
    return {
        "class": type(error).__name__,
        "module": type(error).__module__,
        "text": str(error),
        "args": [peer.readable(a) if peer.readable(a) is not None else repr(a) for a in getattr(error, "args", ())],
        "bases": [base.__name__ for base in type(error).__mro__],
        "remote_class": getattr(error, "exc_type", None),
        "remote_value": getattr(error, "value", None),
        "kwargs": getattr(error, "kwargs", None),
    }


def run(transport, request):
    names = ("timeout", "version_cap", "retry", "call_monitor_timeout")
    options = {name: request[name] for name in names if name in request}
    if request.get("at_least_once"):
        options["transport_options"] = oslo_messaging.TransportOptions(at_least_once=True)
    target = oslo_messaging.Target(**request["target"])
    client = oslo_messaging.get_rpc_client(transport, target, **options)
    if "prepare" in request:
        client = client.prepare(**request["prepare"])
    arguments = dict(request.get("args") or {})
    if "odd" in request:
        arguments["x"] = odd_values.ODD[request["odd"]]
    send = client.call if request["op"] == "call" else client.cast
    return send(request.get("context") or {}, request["method"], **arguments)


def answer(transport, request):
    started = time.monotonic()
    try:
        result = run(transport, request)
        outcome = {"result": peer.readable(result), "shown": repr(result)[:200]}
    except Exception as error:
        outcome = {"raised": describe(error)}
    peer.emit(event="done", id=request["id"], elapsed=round(time.monotonic() - started, 3), **outcome)


def main():
    transport = peer.configure(json.loads(sys.argv[1]))
    peer.emit(event="ready")
    threads = []
    for request in peer.commands():
        thread = threading.Thread(target=answer, args=(transport, request), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(5)
    transport.cleanup()
    peer.emit(event="stopped")


main()
