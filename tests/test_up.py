"""`tuntas up`: real servers below, stand-ins for worker and web. Run as a script, this file is the supervisor."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from starter.up import keys, ports, run
from starter.up.applications import Applications, Ground, Plan, answers, environment, tuntas
from starter.up.children import Child, ChildSpec
from starter.up.place import Place
from starter.up.refused import Refused
from starter.up.supervisor import LONGEST_DELAY, delay_after

ROOT = Path(__file__).parent.parent
COLD_SECONDS, WARM_SECONDS = 60.0, 20.0
ORDER = ["stopping web", "stopping worker", "stopping temporal", "stopping postgres", "stopped"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with the supervisor on Linux only")


def stand_ins(task: str) -> Plan:
    """One task, a worker that sleeps and a web that serves files."""

    def plan(ground: Ground) -> Applications:
        env, port = environment(ground, None), str(ground.ports.web)

        def python(name: str, *words: str, ready: Callable[[], bool] | None = None) -> ChildSpec:
            return ChildSpec(name, (sys.executable, *words), env, directory=ground.place.temporal, ready=ready)

        web = python(
            "web",
            *("-m", "http.server", port, "--bind", ports.HOST),
            ready=lambda: answers(f"http://{ports.HOST}:{port}/"),
        )
        worker = python("worker", "-c", "import time; time.sleep(600)")
        return Applications(tasks=(python("migrate", "-c", task),), services=(worker, web))

    return plan


@dataclass
class Started:
    """A supervisor in a process and session of its own, and what it printed."""

    process: "subprocess.Popen[bytes]"
    output: Path
    numbers: ports.Ports

    def said(self) -> str:
        return self.output.read_text()

    def until(self, text: str, seconds: float = WARM_SECONDS) -> None:
        end = time.monotonic() + seconds
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)

    def ended(self, seconds: float = 40.0) -> int:
        return self.process.wait(seconds)

    def child(self, word: str) -> int:
        """The child whose command line holds a word."""
        [pid] = [pid for pid in children(self.process.pid) if word in command(pid)]
        return pid


def children(pid: int) -> list[int]:
    """The children of a process; none of one that has just ended."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants(pid: int) -> list[int]:
    below = children(pid)
    return below + [deeper for child in below for deeper in descendants(child)]


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def all_gone(pids: list[int], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def free_port() -> int:
    """The first of five free ports, below those the system gives out by itself."""
    first = 20_000 + (os.getpid() * 10) % 10_000
    for candidate in range(first, 32_000, 10):
        if not any(ports.in_use(number) for _, number in ports.following(candidate)):
            return candidate
    raise AssertionError("no free ports")


@contextmanager
def started(data: Path, port: int, task: str = "") -> Iterator[Started]:
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "output"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, __file__, str(data), str(port), task],
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT), "TUNTAS_DEMO_PASSWORD": ""},
            )
        try:
            yield Started(process, output, ports.following(port))
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(60)


@contextmanager
def ready(data: Path, port: int, seconds: float = WARM_SECONDS) -> Iterator[Started]:
    with started(data, port) as up:
        up.until("Ctrl-C stops everything", seconds)
        yield up


@pytest.fixture
def new_data() -> Iterator[Path]:
    """A directory the database's account can reach, which pytest's own are not under root."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as parent:
        Path(parent).chmod(0o711)
        yield Path(parent) / "var"


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data directory that was started and stopped once."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as parent:
        Path(parent).chmod(0o711)
        place = Path(parent) / "var"
        with ready(place, free_port(), COLD_SECONDS):
            pass
        yield place


def made_up(data: Path, port: int) -> "subprocess.CompletedProcess[str]":
    """`tuntas seed-demo` of two cases, to its end."""
    words = ("seed-demo", "--cases", "2", "--data", str(data), "--port", str(port))
    return subprocess.run([sys.executable, "-m", "starter", *words], capture_output=True, text=True, cwd=ROOT)


def connection(up: Started, data: Path, role: str, database: str) -> "psycopg.Connection[tuple[object, ...]]":
    secrets = keys.load_secrets(data / "secrets.json", database_exists=True)
    return psycopg.connect(
        host=ports.HOST,
        port=up.numbers.postgres,
        user=role,
        password=getattr(secrets, role),
        dbname=database,
    )


def test_ctrl_c_stops_everything_in_order_and_data_survives(data: Path) -> None:
    port = free_port()
    with ready(data, port) as up:
        with connection(up, data, "tuntas_owner", "tuntas") as owner:
            owner.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
            owner.execute("GRANT SELECT ON kept TO tuntas_app")
            owner.execute("INSERT INTO kept VALUES ('still here')")
        below = descendants(up.process.pid)
        os.killpg(up.process.pid, signal.SIGINT)  # as a terminal sends it: to the whole foreground group
        assert up.ended() == 0
        assert up.said().splitlines()[-5:] == ORDER
        assert len(below) >= 4
        assert not any(alive(pid) for pid in below)
    with ready(data, port) as up, connection(up, data, "tuntas_app", "tuntas") as application:
        assert application.execute("SELECT word FROM kept").fetchone() == ("still here",)


def sockets(pid: int) -> list[str]:
    names = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            names.append(os.readlink(entry))
        except OSError:
            continue
    return [name[len("socket:[") : -1] for name in names if name.startswith("socket:[")]


@pytest.fixture(scope="class")
def running(data: Path) -> Iterator[Started]:
    """One supervisor for every test that looks at it while it runs."""
    with ready(data, free_port()) as up:
        yield up


class TestWhileItRuns:
    """What does not end it."""

    def test_roles_can_do_what_they_should_and_no_more(self, running: Started, data: Path) -> None:
        for database in ("tuntas", "tuntas_keys"):
            with connection(running, data, "tuntas_owner", database) as owner:
                owner.execute("CREATE TABLE IF NOT EXISTS shape (word text)")
            with (
                connection(running, data, "tuntas_app", database) as application,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                application.execute("CREATE TABLE mine (word text)")
        wrong = f"host={ports.HOST} port={running.numbers.postgres} user=postgres dbname=postgres password=wrong"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)

    def test_everything_listens_on_loopback_only(self, running: Started) -> None:
        listening = {inode for pid in descendants(running.process.pid) for inode in sockets(pid)}
        rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
        hosts = {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in listening}
        assert hosts == {"0100007F"}

    def test_second_start_is_refused(self, running: Started, data: Path) -> None:
        with started(data, free_port()) as second:
            assert second.ended() == 1
            assert f"in use by another `tuntas up` (process {running.process.pid})" in second.said()
            assert running.process.poll() is None

    def test_no_year_is_made_up_where_it_runs(self, running: Started, data: Path) -> None:
        """Its engine would not know of it."""
        ended = made_up(data, running.numbers.web)
        assert ended.returncode == 1
        assert f"in use by another `tuntas up` (process {running.process.pid})" in ended.stderr

    @pytest.mark.parametrize(
        ("name", "word"), [("postgres", "bin/postgres"), ("temporal", "start-dev"), ("web", "http.")]
    )
    def test_killed_child_is_started_again_and_that_is_said(self, running: Started, name: str, word: str) -> None:
        before = running.child(word)
        os.kill(before, signal.SIGKILL)
        running.until(f"{name} ended (SIGKILL); starting it again in 0.5 s")
        running.until(f"{name} is back")
        assert running.child(word) != before


def test_ports_in_use_are_named(data: Path) -> None:
    port = free_port()
    with socket.socket() as web, socket.socket() as database:
        for offset, listener in enumerate((web, database)):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((ports.HOST, port + offset))
            listener.listen()
        with started(data, port) as up:
            assert up.ended() == 1
            assert f"port {port} (web), {port + 1} (postgres)." in up.said()


def test_kill_9_of_the_supervisor_leaves_no_child_and_the_next_start_recovers(data: Path) -> None:
    port = free_port()
    with ready(data, port) as up:
        below = descendants(up.process.pid)
        assert len(below) > 4  # the server's own processes are among them
        up.process.kill()
        up.ended()
        assert all_gone(below)
    with ready(data, port) as up:
        assert "did not end by itself; recovering" in up.said()


def test_kill_9_while_a_database_is_made_is_recovered(new_data: Path) -> None:
    port = free_port()
    with started(new_data, port) as up:
        up.until("making a database")
        end = time.monotonic() + 10
        while not (new_data / "postgres" / "data.new" / "PG_VERSION").exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        below = descendants(up.process.pid)
        up.process.kill()
        up.ended()
        assert all_gone(below)
        assert not (new_data / "postgres" / "data").exists()
    with ready(new_data, port, COLD_SECONDS):
        pass


def test_pid_file_that_names_another_process_is_no_obstacle(data: Path) -> None:
    port = free_port()
    with ready(data, port) as up:
        pid_file = data / "postgres" / "data" / "postmaster.pid"
        stale = pid_file.read_text()
        owner = pid_file.stat()
    lines = stale.splitlines()
    # A process of the server's own account, such as the one that got its number after a crash.
    with subprocess.Popen(["/bin/sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        with ready(data, port):
            assert alive(other.pid)
        other.kill()
    assert up.process.returncode == 0


def test_failing_task_is_shown_and_everything_stops(data: Path) -> None:
    with started(data, free_port(), task="import sys; sys.exit('no such column')") as up:
        assert up.ended() == 1
        assert "migrate failed (exit status 1)" in up.said()
        assert "no such column" in up.said()
        assert up.said().index("stopping temporal") < up.said().index("stopping postgres")


def test_ctrl_c_during_the_start_stops_it(data: Path) -> None:
    with started(data, free_port(), task="import time; time.sleep(600)") as up:
        up.until("running migrate")
        time.sleep(0.3)
        below = descendants(up.process.pid)
        up.process.send_signal(signal.SIGINT)
        assert up.ended() == 0
        assert not any(alive(pid) for pid in below)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's server is that user")
def test_directory_the_database_account_cannot_reach_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with started(tmp_path / "var", free_port()) as up:
        assert up.ended() == 1
        assert "does not run as root" in up.said()
        assert "cannot enter" in up.said()
        assert "--data" in up.said()


@pytest.mark.parametrize("name", ["secrets.json", "master.key", "signing.key"])
def test_lost_keys_are_not_replaced(data: Path, name: str) -> None:
    file = data / name
    aside = file.rename(file.with_name("aside"))
    try:
        with started(data, free_port()) as up:
            assert up.ended() == 1
            assert f"{file} is missing, but a database exists" in up.said()
            assert not file.exists()
    finally:
        aside.rename(file)


def test_a_directory_from_before_there_were_checkpoints_gets_what_signs_them(tmp_path: Path) -> None:
    """Once: a key that is lost afterwards is not made anew."""
    kept, key = tmp_path / "secrets.json", tmp_path / "signing.key"
    kept.write_text(json.dumps({"postgres": "s", "tuntas_owner": "o", "tuntas_app": "a", "demo": "d"}))

    keys.ensure_signing_key(key, kept)
    secrets = keys.load_secrets(kept, database_exists=True)

    assert secrets == keys.load_secrets(kept, database_exists=True)
    assert (secrets.tuntas_app, len(secrets.tuntas_notary)) == ("a", 32)
    key.unlink()
    with pytest.raises(Refused, match=r"signing\.key is missing"):
        keys.ensure_signing_key(key, kept)


def test_what_holds_keys_is_private(data: Path) -> None:
    for name in ("secrets.json", "master.key", "signing.key", "logs/postgres.log", "temporal/temporal.db"):
        assert (data / name).stat().st_mode & 0o077 == 0, name


def test_child_that_will_not_end_is_killed_after_its_grace(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    child = Child(ChildSpec("stubborn", (sys.executable, "-c", code), {}, tmp_path, grace_seconds=0.5), tmp_path)
    while not (tmp_path / "stubborn.log").read_text():
        time.sleep(0.02)
    begin = time.monotonic()
    child.stop(hurried=lambda: False)
    assert child.exit_code() == -signal.SIGKILL
    assert 0.5 <= time.monotonic() - begin < 5


def ground(tmp_path: Path) -> Ground:
    return Ground(Place(tmp_path, crashed=False), ports.following(8000), keys.Secrets("s", "o", "a", "d", "n"), "demo")


def test_children_get_our_servers_and_only_migration_and_seed_the_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "TEMPORAL_API_KEY", "DATABASE_OWNER_URL"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("TUNTAS_NOTIFY_URLS", "json://localhost")
    applied = tuntas(tmp_path)(ground(tmp_path))
    left = tmp_path / "settings.json"
    assert left.stat().st_mode & 0o077 == 0
    worker, web = (service.env for service in applied.services)
    assert json.loads(left.read_text()).items() <= worker.items()
    assert worker["CHECKPOINTS_URL"] == "postgresql+psycopg://tuntas_notary:n@127.0.0.1:8001/tuntas_checkpoints"
    assert worker["TUNTAS_SIGNING_KEY_FILE"] == str(tmp_path / "signing.key")
    assert set(worker) - set(web) == {"CHECKPOINTS_URL", "TUNTAS_SIGNING_KEY_FILE"}
    assert "tuntas_owner" not in left.read_text()
    assert [task.argv[1:] for task in applied.tasks] == [("-m", "starter", "migrate"), ("-m", "starter", "seed")]
    assert [service.argv[1:] for service in applied.services] == [("-m", "worker"), ("-m", "web")]
    for task in applied.tasks:
        assert task.env["DATABASE_OWNER_URL"] == "postgresql+psycopg://tuntas_owner:o@127.0.0.1:8001/tuntas"
    for service in applied.services:
        assert not {"DATABASE_OWNER_URL", "PGHOST", "TEMPORAL_API_KEY"} & set(service.env)
        assert service.env["DATABASE_URL"] == "postgresql+psycopg://tuntas_app:a@127.0.0.1:8001/tuntas"
        assert service.env["KEYSTORE_URL"] == "postgresql+psycopg://tuntas_app:a@127.0.0.1:8001/tuntas_keys"
        assert service.env["TEMPORAL_ADDRESS"] == "127.0.0.1:8002"
        assert service.env["TUNTAS_PATHWAYS"] == str(tmp_path)
        assert service.env["TUNTAS_NOTIFY_URLS"] == "json://localhost"


def test_back_off_doubles_up_to_a_bound() -> None:
    assert [delay_after(count) for count in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert delay_after(1000) == LONGEST_DELAY


def test_port_without_room_for_the_others_is_refused() -> None:
    with pytest.raises(Refused, match="--port 65535"):
        ports.following(65535)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), int(sys.argv[2]), stand_ins(sys.argv[3])))


def test_a_year_is_made_up_in_a_new_directory(new_data: Path) -> None:
    """With servers of its own, which are gone when it ends."""
    port = free_port()

    ended = made_up(new_data, port)

    assert ended.returncode == 0, ended.stderr
    assert f"2 cases; look at them with `tuntas up --data {new_data}`" in ended.stdout + ended.stderr
    assert [name for name, number in ports.following(port) if ports.in_use(number)] == []
