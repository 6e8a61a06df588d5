"""Processes and servers that go down, people who change their mind, tasks that come twice."""

import os
import signal
import subprocess
import time
import uuid
from dataclasses import dataclass

import psycopg
import redis
from celery import Celery
from kombu.exceptions import OperationalError

from devserver.places import Unavailable
from tests.chaos.scene import Scene

MAILBOX_OF = "SELECT id FROM accounts_mailbox WHERE address = %s"
CLEANING_UP_SECONDS = 10.0  # of the backends, whose postmaster was killed


@dataclass(frozen=True)
class Killed:
    """SIGKILL of processes, which come back after `down` seconds."""

    names: tuple[str, ...]
    down: float

    def pull(self, scene: Scene) -> None:
        for name in self.names:
            scene.stack.kill(name)
        scene.later(self.down, lambda: scene.start(*self.names))


@dataclass(frozen=True)
class Frozen:
    """A worker stands still, as on a machine that is out of memory, and goes on as if nothing had been."""

    name: str
    seconds: float

    def pull(self, scene: Scene) -> None:
        process = scene.stack.children[self.name].process
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGSTOP)
            scene.later(self.seconds, lambda: thaw(process))


def thaw(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:  # nobody has killed it meanwhile
        os.killpg(process.pid, signal.SIGCONT)


@dataclass(frozen=True)
class RedisAway:
    """Redis ends, in order or by SIGKILL, and comes back."""

    down: float
    killed: bool

    def pull(self, scene: Scene) -> None:
        server = scene.stack.redis
        (server.kill if self.killed else server.stop)()
        scene.later(self.down, server.start)


@dataclass(frozen=True)
class RedisFlushed:
    """Everything in Redis is gone."""

    def pull(self, scene: Scene) -> None:
        with redis.Redis.from_url(scene.stack.redis.url, socket_timeout=5) as connection:
            try:
                connection.flushall()
            except redis.RedisError:  # it is away; forget all once it is back
                scene.later(0.5, lambda: self.pull(scene))


@dataclass(frozen=True)
class PostgresAway:
    """PostgreSQL ends, in order or by SIGKILL, and comes back."""

    down: float
    killed: bool

    def pull(self, scene: Scene) -> None:
        server = scene.stack.postgres
        (server.kill if self.killed else server.stop)()
        scene.later(self.down, lambda: self.start(scene))

    def start(self, scene: Scene) -> None:
        deadline = time.monotonic() + CLEANING_UP_SECONDS
        while True:
            try:
                scene.stack.postgres.start()
            except Unavailable:  # its orphans still hold the shared memory
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return


@dataclass(frozen=True)
class TaskTwice:
    """The broker delivers the clock's tick, and the task that sends from a mailbox, twice each."""

    tier: str

    def pull(self, scene: Scene) -> None:
        try:
            with psycopg.connect(scene.stack.postgres.url, connect_timeout=2) as connection:
                found = connection.execute(MAILBOX_OF, [scene.owners[self.tier].address]).fetchone()
        except psycopg.OperationalError:
            scene.later(1, lambda: self.pull(scene))
            return
        broker = Celery(broker=scene.stack.redis.url, task_ignore_result=True)
        broker.conf.broker_transport_options = {"socket_timeout": 2, "socket_connect_timeout": 2}
        try:
            for name, arguments in (("tick", []), ("pump", list(found or []))):
                number = str(uuid.uuid4())
                for _ in range(2):
                    broker.send_task(f"campaigns.tasks.{name}", arguments, task_id=number, retry=False)
        except OperationalError:  # the broker is away
            scene.later(1, lambda: self.pull(scene))
        finally:
            broker.close()


@dataclass(frozen=True)
class Paused:
    """The owner pauses the campaign, and resumes it."""

    tier: str
    seconds: float

    def pull(self, scene: Scene) -> None:
        owner = scene.owners[self.tier]
        if owner.wish == "send":
            owner.wish = "pause"
            owner.look()
            scene.later(self.seconds, lambda: self.resume(scene))

    def resume(self, scene: Scene) -> None:
        owner = scene.owners[self.tier]
        if owner.wish == "pause":
            owner.wish = "send"
            owner.look()


@dataclass(frozen=True)
class Stopped:
    """The owner stops the campaign for good."""

    tier: str

    def pull(self, scene: Scene) -> None:
        scene.owners[self.tier].wish = "stop"
        scene.owners[self.tier].look()
