"""Threads that send one message after the other, and the window over what they did."""
import threading
import time

import common

ENOUGH_ERRORS = 1000
TAIL = 30


class Worker(threading.Thread):
    def __init__(self, load):
        super().__init__(daemon=True)
        self.load = load
        self.sent = 0
        self.latencies = []

    def run(self):
        load = self.load
        while load.phase != 'ending' and len(load.errors) < ENOUGH_ERRORS:
            load.before()
            begun = time.perf_counter()
            try:
                load.send()
            except Exception as error:
                load.failed(error)
                continue
            self.sent += 1
            if load.phase == 'measuring':
                self.latencies.append(time.perf_counter() - begun)


class Load:
    """`send` sends one message and waits for its end; `before` is called before each, outside its time."""

    def __init__(self, send, threads, before=lambda: None):
        self.send = send
        self.before = before
        self.phase = 'warming'
        self.lock = threading.Lock()
        self.errors = []
        self.workers = [Worker(self) for _ in range(threads)]

    def failed(self, error):
        with self.lock:
            self.errors.append(repr(error))

    def run(self, warmup, seconds, handled=lambda: 0):
        """Puts the load on; gives the window's length and what `handled` grew by in it."""
        for worker in self.workers:
            worker.start()
        time.sleep(warmup)
        handled_before = handled()
        common.tell('start')
        opened = time.perf_counter()
        self.phase = 'measuring'
        time.sleep(seconds)
        self.phase = 'ending'
        handled_after = handled()
        seconds = time.perf_counter() - opened
        common.tell('end')
        for worker in self.workers:
            worker.join(TAIL)
        return seconds, handled_after - handled_before

    @property
    def sent(self):
        return sum(worker.sent for worker in self.workers)

    def tell(self, seconds, unroutable, done=None):
        """Tells the figures; what is done is what was sent in the window unless told otherwise."""
        latencies = sorted(value for worker in self.workers for value in worker.latencies)
        common.tell(
            'result',
            seconds=seconds,
            done=len(latencies) if done is None else done,
            p50_us=quantile(latencies, 0.5),
            p99_us=quantile(latencies, 0.99),
            sent=self.sent,
            errors=len(self.errors),
            first_error=self.errors[0] if self.errors else None,
            unroutable=unroutable,
        )


def quantile(sorted_values, share):
    if not sorted_values:
        return 0
    rank = max(1, -(-len(sorted_values) * share // 1))
    return int(sorted_values[int(rank) - 1] * 1e6)
