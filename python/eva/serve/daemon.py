"""The daemon process: one lock, one model, one server, from the first line of its log to the last."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from eva.runtime import Connection, DaemonLock, prepare_directory, remove_connection, write_connection
from eva.serve.config import ServeConfig, default_threads
from eva.serve.log import start_logging
from eva.serve.model_thread import ModelThread
from eva.serve.scheduler import Ended, Judge
from eva.serve.server import Server
from eva.step import CritiquePiece, ProofStep

log = logging.getLogger(__name__)

DESCRIPTORS = 8192
WARM_UP = ProofStep(goals=("n : Nat\n⊢ n + 0 = n",), tactic="simp")


class UnusableModel(Exception):
    """The model cannot be loaded, cannot judge even the simplest step, or ended its thread; one line."""


def load_judge(config: ServeConfig) -> Judge:
    """Load the model and let it judge one step, so that no client pays for what is loaded at first use.

    Raises `UnusableModel`: a model that cannot do that must not seem ready.
    """
    with _no_garbage_yet():
        return _load(config)


@contextmanager
def _no_garbage_yet() -> Iterator[None]:
    """Collect no garbage while a model is loaded, and leave what was loaded out of all later collections.

    Importing torch makes 600,000 objects that stay: looking through them again and again is a tenth of the
    start, and a quarter of a second at a time when requests are being answered.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _load(config: ServeConfig) -> Judge:
    from eva.model import LoadError, ModelError, RewardModel

    try:
        model = RewardModel.from_pretrained(
            config.model, threads=config.threads or default_threads(), cache_mb=config.cache_mb
        )
        for event in model.stream([WARM_UP]):
            if isinstance(event, CritiquePiece):
                break
    except (LoadError, ModelError) as error:
        raise UnusableModel(str(error)) from error
    return model


def serve(
    config: ServeConfig,
    *,
    ready: Callable[[Connection], None] = lambda connection: None,
    load: Callable[[ServeConfig], Judge] = load_judge,
) -> None:
    """Be the daemon of `config.connection_file`, until SIGTERM, or SIGINT or SIGHUP unless they are ignored.

    `ready` is called once clients can connect. Raises `AlreadyRunning`, `BadConnectionFile`, `ConfigError`
    or `UnusableModel`.
    """
    start_logging(config.log_level)
    _allow_connections()
    prepare_directory(config.connection_file)
    lock = DaemonLock(config.connection_file)
    try:
        log.info("loading", extra={"model": config.model, "pid": os.getpid()})
        begun = time.monotonic()
        thread = ModelThread()
        judge = thread.submit(lambda: load(config)).result()
        log.info("loaded", extra={"model": judge.name, "seconds": round(time.monotonic() - begun, 2)})
        if sys.platform == "win32":
            asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
        ended = asyncio.run(_serve(config, judge, thread, ready))
    except Ended as error:
        raise UnusableModel(f"{error}: see the log, then start it again with 'eva serve'") from error
    finally:
        lock.release()
    log.info("stopped")
    if not ended:
        log.error("the model did not come back: leaving it")
        logging.shutdown()
        os._exit(0)  # the interpreter would wait for a thread that never ends


def _allow_connections() -> None:
    """Each connection takes a descriptor, and the usual 1,024 are few for editors and searches together."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(
    config: ServeConfig, judge: Judge, thread: ModelThread, ready: Callable[[Connection], None]
) -> bool:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_exception)
    server = Server(config, judge, thread)
    path = config.connection_file

    def stop() -> None:
        remove_connection(path, server.connection)  # nobody new; who is here is answered
        server.stop()

    try:
        try:
            _on_signals(loop, stop)
            write_connection(path, server.connection)
            log.info("ready", extra={"endpoint": server.connection.endpoint, "connection_file": str(path)})
            ready(server.connection)
        except BaseException:
            server.close()
            raise
        return await server.run()
    finally:
        remove_connection(path, server.connection)


def _on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        if name != "SIGTERM" and signal.getsignal(number) is signal.SIG_IGN:
            continue  # `nohup`, or the background of a script: it is to outlive its terminal
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _log_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    log.error("error in the event loop", exc_info=context.get("exception"))
