"""Real clusters, really killed. Nothing is mocked; what needs root or Linux says so and is skipped without."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine, text

from geo.errors import LocalPostgisError
from geo.storage import local_postgis, postgres_place, postgres_processes
from geo.storage.local_postgis import LocalPostgis
from geo.storage.postgres_lock import locked

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="changes accounts")
needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")

# Everything is imported before the account changes: the interpreter may lie where that account cannot go.
START = """
import os, sys, time
from pathlib import Path
from geo.errors import LocalPostgisError
from geo.storage.local_postgis import LocalPostgis
server = LocalPostgis(Path(sys.argv[1]), durable=False)
uid, gid, stay = map(int, sys.argv[2:5])
if uid:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
try:
    print(server.start(), flush=True)
except LocalPostgisError as error:
    print(error, flush=True)
    sys.exit(2)
time.sleep(stay)
"""


@pytest.fixture
def server(reachable_path: Path) -> Iterator[LocalPostgis]:
    server = LocalPostgis(reachable_path / "home", durable=False)
    try:
        yield server
    finally:
        server.destroy()


@pytest.fixture(scope="module")
def stopped_home(reachable_root: Path) -> Iterator[Path]:
    server = LocalPostgis(reachable_root / "stopped", durable=False)
    try:
        server.start()
        server.stop()
        yield server.home
    finally:
        server.destroy()


@pytest.fixture
def made(server: LocalPostgis, stopped_home: Path) -> LocalPostgis:
    """A server that is made but does not run; copying one is ten times faster than making it."""
    subprocess.run(["cp", "-a", str(stopped_home), str(server.home)], check=True)
    return server


def starter(home: Path, *, account: pwd.struct_passwd | None = None, stay_s: int = 0) -> "subprocess.Popen[str]":
    """Another process that starts the server of this home, and stays for a while."""
    who = (str(account.pw_uid), str(account.pw_gid)) if account else ("0", "0")
    command = [sys.executable, "-c", START, str(home), *who, str(stay_s)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def said_by(process: "subprocess.Popen[str]") -> str:
    output, _ = process.communicate(timeout=60)
    return output.strip()


def connect(server: LocalPostgis) -> "psycopg2.extensions.connection":
    return psycopg2.connect(host=str(server.status().socket_dir), port=5432, user="wangge", dbname=server.database)


def ask(server: LocalPostgis, query: str) -> object:
    with closing(connect(server)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def data_of(server: LocalPostgis) -> Path:
    return server.status().data_dir


def pid_of(server: LocalPostgis) -> int:
    pid = server.status().pid
    assert pid is not None
    return pid


def wait_for(condition: Callable[[], object], *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


# --- the ordinary life


def test_absent_started_stopped_started_again_with_its_data(server: LocalPostgis) -> None:
    assert server.status().state == "absent"
    assert server.status().url is None
    url = server.start()
    assert url == server.url == server.status().url
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT ST_Point(119.6, 30.2, 4326) AS place"))
    engine.dispose()
    running = server.status()
    assert running.state == "running"
    assert running.version is not None
    assert running.version.startswith("PostgreSQL 1")
    assert "PostGIS 3." in running.version
    assert running.log.is_file()

    assert server.stop()
    assert not server.stop()
    stopped = server.status()
    assert (stopped.state, stopped.pid, stopped.version, stopped.url) == ("stopped", None, None, None)

    server.start()
    assert ask(server, "SELECT ST_X(place) FROM kept") == pytest.approx(119.6)


def test_starting_a_running_server_is_quick_and_changes_nothing(cluster: LocalPostgis) -> None:
    before = pid_of(cluster)
    begun = time.perf_counter()
    cluster.start()
    assert time.perf_counter() - begun < 0.3
    assert pid_of(cluster) == before


def test_another_database_of_the_same_home_is_made_with_its_extensions(made: LocalPostgis) -> None:
    made.start()
    other = LocalPostgis(made.home, durable=False, database="网格 second")
    other.start()
    assert ask(other, "SELECT current_database()") == "网格 second"
    assert ask(other, "SELECT count(*) FROM pg_extension WHERE extname IN ('postgis', 'btree_gist')") == 2
    with create_engine(other.url).connect() as connection:
        assert connection.execute(text("SELECT current_database()")).scalar_one() == "网格 second"
    assert ask(made, "SELECT current_database()") == "wangge"


def test_no_port_is_open_and_only_the_owner_enters_the_socket_directory(cluster: LocalPostgis) -> None:
    assert ask(cluster, "SHOW listen_addresses") == ""
    socket_dir = cluster.status().socket_dir
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    assert socket_dir.stat().st_uid == data_of(cluster).stat().st_uid
    assert socket_dir.stat().st_uid != 0
    assert stat.S_ISSOCK((socket_dir / ".s.PGSQL.5432").stat().st_mode)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("jit", "off"),
        ("TimeZone", "UTC"),
        ("shared_buffers", "256MB"),
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("logging_collector", "on"),
    ],
)
def test_settings_of_a_throw_away_cluster(cluster: LocalPostgis, setting: str, value: str) -> None:
    assert ask(cluster, f"SHOW {setting}") == value


def test_durability_is_taken_from_whoever_starts_it(made: LocalPostgis) -> None:
    LocalPostgis(made.home).start()
    assert [ask(made, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3


# --- several at once


def test_three_processes_that_start_it_at_once_get_one_server(server: LocalPostgis) -> None:
    starters = [starter(server.home) for _ in range(3)]
    assert {said_by(process) for process in starters} == {server.url}
    assert [process.returncode for process in starters] == [0, 0, 0]
    assert postgres_processes.postmasters(data_of(server)) == [pid_of(server)]


def test_a_lock_that_is_not_given_back_is_named(server: LocalPostgis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_postgis, "LOCK_SECONDS", 0.2)
    server.home.mkdir()
    lock = server.home / "postgis.lock"
    with locked(lock, limit_s=1), pytest.raises(LocalPostgisError, match=r"another process .*postgis\.lock"):
        server.start()


def test_a_lock_file_that_was_removed_protects_nothing_and_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, limit_s=1):
        path.unlink()
        with locked(path, limit_s=1) as second:
            assert os.path.samestat(path.stat(), os.fstat(second))


def test_ctrl_c_in_the_terminal_that_started_it_leaves_it_running_and_known(made: LocalPostgis) -> None:
    process = starter(made.home, stay_s=60)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == made.url
    os.killpg(process.pid, signal.SIGINT)
    said_by(process)
    assert process.returncode != 0
    assert made.status().state == "running"
    assert ask(made, "SELECT 1") == 1


# --- what a crash leaves


LOOP = """
import sys, psycopg2
connection = psycopg2.connect(host=sys.argv[1], port=5432, user="wangge", dbname="wangge")
print(connection.get_backend_pid(), flush=True)
try:
    connection.cursor().execute("DELETE FROM kept; DO $$ BEGIN LOOP END LOOP; END $$")
except psycopg2.Error:
    pass
"""
LOOPS = "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%LOOP%' AND pid <> pg_backend_pid()"


@contextmanager
def killed_at_work(server: LocalPostgis) -> Iterator[int]:
    """The server is killed while a child computes; gives the child's process id.

    A loop that waits for nothing does not notice that its server has died, and goes on holding the shared memory.
    """
    ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    command = [sys.executable, "-c", LOOP, str(server.status().socket_dir)]
    loop = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert loop.stdout is not None
    looping = int(loop.stdout.readline())
    try:
        wait_for(lambda: ask(server, LOOPS))
        os.kill(pid_of(server), signal.SIGKILL)
        wait_for(lambda: server.status().state == "stopped")
        assert looping in postgres_processes.backends(data_of(server))
        yield looping
    finally:
        if looping in postgres_processes.backends(data_of(server)):
            os.kill(looping, signal.SIGQUIT)
        loop.communicate(timeout=20)


@needs_proc
def test_killed_server_with_a_child_still_at_work_recovers_what_was_committed(made: LocalPostgis) -> None:
    durable = LocalPostgis(made.home)  # without synchronous_commit the last moments may be lost, as they are meant to
    durable.start()
    with killed_at_work(durable) as orphan:
        durable.start()
        assert orphan not in postgres_processes.backends(data_of(durable))
    assert ask(durable, "SELECT count(*) FROM kept") == 1000


@needs_proc
def test_stop_ends_the_children_of_a_killed_server(made: LocalPostgis) -> None:
    made.start()
    with killed_at_work(made) as orphan:
        assert made.stop()
        wait_for(lambda: orphan not in postgres_processes.backends(data_of(made)))
        assert not made.stop()


def test_starter_killed_while_the_cluster_is_made(server: LocalPostgis) -> None:
    base = server.home / "postgis"
    process = starter(server.home)
    wait_for(lambda: any(base.glob("data.new-*/global")))
    process.kill()
    said_by(process)
    assert server.status().state == "absent"
    (base / "data.new-older").mkdir()
    (base / "data.new-older" / "PG_VERSION").write_text("15\n")
    server.start()
    assert ask(server, "SELECT 1") == 1
    assert not list(base.glob("data.new-*"))


def test_starter_killed_while_the_server_starts(made: LocalPostgis) -> None:
    process = starter(made.home)
    wait_for(lambda: made.status().state == "running")
    process.kill()
    said_by(process)
    made.start()
    assert postgres_processes.postmasters(data_of(made)) == [pid_of(made)]


@needs_proc
def test_pid_file_whose_number_is_another_process_by_now(made: LocalPostgis) -> None:
    made.start()
    status = made.status()
    pid_file = status.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    made.stop()
    owner = status.data_dir.stat()
    drop = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if AS_ROOT else {}
    with subprocess.Popen(["sleep", "60"], **drop) as unrelated:  # of the same account, which PostgreSQL refuses
        try:
            for path in (pid_file, status.socket_dir / ".s.PGSQL.5432.lock"):
                path.write_text("\n".join([str(unrelated.pid), *lines[1:]]) + "\n")
                os.chown(path, owner.st_uid, owner.st_gid)
            assert made.status().state == "stopped"
            assert not made.stop()
            made.start()
            assert made.status().state == "running"
            assert unrelated.poll() is None
        finally:
            unrelated.kill()


def test_a_child_that_hangs_does_not_hold_up_the_stop(made: LocalPostgis, caplog: pytest.LogCaptureFixture) -> None:
    made.start()
    with closing(connect(made)) as connection:
        os.kill(connection.get_backend_pid(), signal.SIGSTOP)
        assert made.stop(patience_s=0.3)
    assert "did not stop on SIGINT within 0.3 s" in caplog.text
    assert made.status().state == "stopped"


def test_home_deleted_under_the_running_server(made: LocalPostgis) -> None:
    LocalPostgis(made.home).start()
    ask(made, "CHECKPOINT")  # a server that has something to write would not outlive its directory
    old = pid_of(made)
    shutil.rmtree(made.home)
    orphaned = made.status()
    assert (orphaned.state, orphaned.pid, orphaned.version) == ("running", old, None)
    made.start()
    assert pid_of(made) != old
    assert postgres_processes.postmasters(data_of(made)) == [pid_of(made)]
    assert ask(made, "SELECT count(*) FROM pg_extension WHERE extname = 'postgis'") == 1


def test_stop_finds_the_server_whose_home_was_deleted(made: LocalPostgis) -> None:
    LocalPostgis(made.home).start()
    ask(made, "CHECKPOINT")
    shutil.rmtree(made.home)
    assert made.stop()
    assert made.status().state == "absent"
    assert not made.home.exists()


def test_socket_deleted_under_the_running_server(made: LocalPostgis) -> None:
    made.start()
    (made.status().socket_dir / ".s.PGSQL.5432").unlink()
    (made.status().socket_dir / ".s.PGSQL.5432.lock").unlink()
    with pytest.raises(LocalPostgisError, match="wangge db stop"):
        made.start()
    assert made.stop()
    made.start()
    assert ask(made, "SELECT 1") == 1


# --- directories that cannot be used, or not as they are


@pytest.mark.parametrize(
    ("version", "message"), [("9", "PostgreSQL 9 "), ("", "no valid PG_VERSION"), (None, "no valid")]
)
def test_foreign_data_directory_is_named_and_left_alone(
    server: LocalPostgis, version: str | None, message: str
) -> None:
    data = server.home / "postgis" / "data"
    data.mkdir(parents=True)
    (data / "letter.txt").write_text("dear")
    if version is not None:
        (data / "PG_VERSION").write_text(version)
    before = sorted(path.name for path in data.iterdir())
    with pytest.raises(LocalPostgisError, match=message):
        server.start()
    assert sorted(path.name for path in data.iterdir()) == before


def test_damaged_cluster_is_named_with_what_its_log_says(made: LocalPostgis) -> None:
    (data_of(made) / "global" / "pg_control").unlink()
    with pytest.raises(LocalPostgisError, match=r"did not start: .*pg_control.*its log: /"):
        made.start()
    assert (data_of(made) / "base").is_dir()


@pytest.mark.parametrize("name", ["很长" * 20, "with, commas and spaces"])
def test_home_whose_path_is_no_place_for_a_socket(reachable_path: Path, name: str) -> None:
    server = LocalPostgis(reachable_path / name / "home", durable=False)
    try:
        assert server.start() == server.url
        socket_dir = server.status().socket_dir
        assert len(os.fsencode(socket_dir)) < 60
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        with create_engine(server.url).connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
    finally:
        server.destroy()
    assert not socket_dir.exists()


def test_home_that_a_shell_would_misread(reachable_path: Path) -> None:
    marker = reachable_path / "marker"
    server = LocalPostgis(reachable_path / f"$(touch {marker.name})", durable=False)
    with pytest.raises(LocalPostgisError, match=r"has \$ in its name"):
        server.start()
    assert not marker.exists()


def test_socket_directory_that_somebody_prepared(tmp_path: Path) -> None:
    mine = postgres_place.account_for(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(LocalPostgisError, match="not a directory"):
        postgres_place.make_private(tmp_path / "link", mine)
    (tmp_path / "open").mkdir(mode=0o777)
    postgres_place.make_private(tmp_path / "open", mine)
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o700


@needs_root
def test_socket_directory_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 54321, 54321)
    with pytest.raises(LocalPostgisError, match="belongs to user 54321"):
        postgres_place.make_private(tmp_path / "theirs", postgres_place.account_for(tmp_path))
    assert (tmp_path / "theirs").stat().st_uid == 54321


@needs_root
def test_plain_user_has_an_own_server_and_root_manages_it_as_that_user(server: LocalPostgis) -> None:
    nobody = pwd.getpwnam("nobody")
    server.home.mkdir()
    os.chown(server.home, nobody.pw_uid, nobody.pw_gid)
    process = starter(server.home, account=nobody)
    assert said_by(process) == server.url
    assert data_of(server).stat().st_uid == nobody.pw_uid
    assert ask(server, "SELECT 1") == 1
    assert server.stop()
    server.start()
    assert data_of(server).stat().st_uid == nobody.pw_uid


@needs_root
def test_plain_user_in_a_home_of_root_is_told_whose_it_is(server: LocalPostgis) -> None:
    nobody = pwd.getpwnam("nobody")
    server.home.mkdir(mode=0o755)
    process = starter(server.home, account=nobody)
    assert "Permission denied" in (said := said_by(process))
    assert "belongs to root" in said
    server.start()
    process = starter(server.home, account=nobody)
    assert f"belongs to {data_of(server).owner()}" in (said := said_by(process))
    assert "WANGGE_HOME" in said
    assert process.returncode == 2


@needs_root
def test_root_with_a_home_that_the_server_cannot_enter(reachable_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_place, "SYSTEM_PLACE", reachable_path / "lib" / "wangge")
    (reachable_path / "lib").mkdir()
    closed = reachable_path / "closed"
    closed.mkdir(mode=0o700)
    server = LocalPostgis(closed / "home", durable=False)
    old_umask = os.umask(0o077)
    try:
        server.start()
        assert data_of(server).is_relative_to(reachable_path / "lib")
        assert ask(server, "SELECT 1") == 1
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        closed.chmod(0o755)
        assert server.status().state == "running"  # the place once taken is kept
    finally:
        os.umask(old_umask)
        server.destroy()


@needs_root
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a mount namespace of its own")
def test_full_disk_is_named(reachable_path: Path) -> None:
    home = reachable_path / "home"
    home.mkdir()
    mounted = f'mount -t tmpfs -o size=20m tmpfs "{home}" && chmod 755 "{home}" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mounted, "sh", sys.executable, "-c", START, str(home), "0", "0", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    if "mount" in done.stderr:
        pytest.skip("may not mount")
    assert done.returncode == 2
    assert "No space left on device" in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1


# --- whose process it is


def test_the_same_server_is_found_with_and_without_proc(cluster: LocalPostgis, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("ps") is None:
        pytest.skip("needs ps")
    data, pid = data_of(cluster), pid_of(cluster)
    with closing(connect(cluster)) as connection:
        for proc in (postgres_processes._PROC, Path("/nonexistent")):
            monkeypatch.setattr(postgres_processes, "_PROC", proc)
            assert postgres_processes.postmasters(data) == [pid]
            assert connection.get_backend_pid() in postgres_processes.backends(data)
            assert pid not in postgres_processes.backends(data)
            assert postgres_processes.is_postmaster(pid, data)
            assert not postgres_processes.is_postmaster(pid, data.parent)
            assert not postgres_processes.is_postmaster(os.getpid(), data)
            assert not postgres_processes.backends(data.parent)


def test_a_process_that_only_stands_in_the_data_directory_is_no_server(made: LocalPostgis) -> None:
    made.start()
    data = data_of(made)
    with subprocess.Popen(["sleep", "60"], cwd=data) as visitor:
        try:
            assert postgres_processes.postmasters(data) == [pid_of(made)]
            assert visitor.pid not in postgres_processes.backends(data)
        finally:
            visitor.kill()
