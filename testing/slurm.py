"""A real Slurm on one machine, for tests: two nodes, four pretended GPUs, accounts, memory limits that kill, a partition that preempts.

`python -m testing.slurm start` and `stop` do it by hand, `check` says what is missing. Runs as root on Debian or Ubuntu with the packages below; listens on
loopback only; ends only the processes that it started. The configuration lies in /etc/slurm as links, since a job step
finds it nowhere else (Snakemake's job step drops every SLURM_ variable).
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurmdbd", "slurm-client", "munge", "mariadb-server")
HOME = Path("/var/lib/emotion-grid-cluster")
ETC = Path("/etc/slurm")
DATABASE_PORT, ACCOUNTING_PORT, CONTROLLER_PORT, NODE_PORTS = 13306, 16819, 16817, (16911, 16912)
ACCOUNT, OTHER_ACCOUNT, USER = "p_scads_llm_secrets", "p_other", "root"
CONFIG_FILES = ("slurm.conf", "gres.conf", "cgroup.conf", "slurmdbd.conf")


class ClusterError(Exception):
    """The cluster cannot be had here; the message says what is missing."""


def missing() -> list[str]:
    """What this machine lacks for a test cluster, in words; empty if nothing."""
    lacks = [] if os.geteuid() == 0 else ["root"]
    lacks += [
        program
        for program in ("slurmctld", "slurmd", "slurmdbd", "sbatch", "munged", "mariadbd", "mariadb-install-db")
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    ]
    return lacks + ([] if Path("/sys/fs/cgroup/memory").is_dir() else ["cgroup v1's memory controller"])


def wait_until(what: str, holds: Callable[[], bool], seconds: float = 300) -> None:
    """Wait for a condition, or raise `ClusterError` that says what did not happen; long, since a busy machine is slow and not wrong."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise ClusterError(f"waited {seconds:.0f} s in vain for {what}; logs are in {HOME / 'log'}")
        time.sleep(0.2)


def listens(port: int) -> bool:
    """Whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(*command: str, check: bool = True) -> str:
    """A command's output."""
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode:
        raise ClusterError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Cluster:
    """The daemons of the test cluster, by name; their process ids are kept on disk, so that `stop` finds them."""

    def __init__(self) -> None:
        self.record = HOME / "processes.json"
        self.processes: dict[str, int] = json.loads(self.record.read_text()) if self.record.is_file() else {}

    def start(self) -> None:
        """Bring up a fresh cluster and wait until its nodes are idle."""
        if lacks := missing():
            raise ClusterError(f"a test cluster needs {', '.join(lacks)}; apt-get install {' '.join(PACKAGES)}")
        self.stop()
        self._write_files()
        self._start_munge()
        self._start_database()
        self.start_daemon("slurmdbd", "slurmdbd", "-D")
        wait_until("slurmdbd's port", lambda: listens(ACCOUNTING_PORT))
        self._add_accounts()
        self.start_controller()
        for number in (1, 2):
            self.start_node(f"n{number}")
        wait_until("idle nodes", lambda: run("sinfo", "-h", "-o", "%T", check=False).split() == ["idle"])

    def start_controller(self) -> None:
        """Start slurmctld (again, after `stop_daemon`)."""
        self.start_daemon("slurmctld", "slurmctld", "-D")
        wait_until("slurmctld", lambda: "UP" in run("scontrol", "ping", check=False))

    def start_node(self, name: str) -> None:
        """Start a node's slurmd."""
        self.start_daemon(name, "slurmd", "-D", "-N", name)

    def start_daemon(self, name: str, *command: str, user: str | None = None) -> None:
        """Start a daemon in a session of its own, its output in a log, its process id on record."""
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        program = shutil.which(command[0], path=environment["PATH"]) or command[0]
        with (HOME / "log" / f"{name}.out").open("a") as log:
            process = subprocess.Popen(
                [program, *command[1:]],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                user=user,
                start_new_session=True,
            )
        self.processes[name] = process.pid
        self.record.write_text(json.dumps(self.processes))

    @contextmanager
    def configured(self, **changes: str) -> Iterator[None]:
        """Values of slurm.conf while the block runs, an empty one for none; the controller is started again before and after."""
        path = HOME / "slurm.conf"
        before = path.read_text()
        kept = [line for line in before.splitlines() if line.partition("=")[0] not in changes]
        self._restart_with("\n".join([*kept, *(f"{name}={value}" for name, value in changes.items() if value), ""]))
        try:
            yield
        finally:
            self._restart_with(before)

    def _restart_with(self, configuration: str) -> None:
        (HOME / "slurm.conf").write_text(configuration)
        self.stop_daemon("slurmctld")
        self.start_controller()
        wait_until("idle nodes", lambda: run("sinfo", "-h", "-o", "%T", check=False).split() == ["idle"])

    def clear(self) -> None:
        """Cancel all jobs and wait until the nodes are idle: a test that failed leaves nothing to the next."""
        run("scancel", "--user", USER, check=False)
        wait_until("the end of all jobs", lambda: run("squeue", "-h", check=False) == "")
        if run("sinfo", "-h", "-o", "%T").split() != ["idle"]:
            run("scontrol", "update", "nodename=n1,n2", "state=resume", check=False)
            wait_until("idle nodes", lambda: run("sinfo", "-h", "-o", "%T", check=False).split() == ["idle"])

    def stop_daemon(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End one daemon by its process id."""
        pid = self.processes.pop(name, None)
        if pid is None:
            return
        try:
            os.kill(pid, how)
            wait_until(f"the end of {name}", lambda: not _alive(pid), 30)
        except ProcessLookupError:
            pass
        self.record.write_text(json.dumps(self.processes))

    def stop(self) -> None:
        """Cancel all jobs, end every daemon, take the links out of /etc/slurm and remove all files."""
        if "slurmctld" in self.processes:
            run("scancel", "--user", USER, check=False)
            time.sleep(1)
        for name in [
            name for name in ("n1", "n2", "slurmctld", "slurmdbd", "mariadb", "munge") if name in self.processes
        ]:
            self.stop_daemon(name)
        for name in CONFIG_FILES:
            if (ETC / name).is_symlink():
                (ETC / name).unlink()
        shutil.rmtree(HOME, ignore_errors=True)

    def _write_files(self) -> None:
        for folder in ("log", "munge", "database", "state", "spool/n1", "spool/n2", "devices"):
            (HOME / folder).mkdir(parents=True, exist_ok=True)
        for number in range(4):
            os.mknod(HOME / "devices" / f"nvidia{number}", 0o600 | 0o020000, os.makedev(1, 3))
        host = socket.gethostname()
        (HOME / "slurm.conf").write_text(SLURM_CONF.format(home=HOME, host=host))
        (HOME / "gres.conf").write_text(
            f"NodeName=n1 Name=gpu Type=a100 File={HOME}/devices/nvidia[0-1]\n"
            f"NodeName=n2 Name=gpu Type=a100 File={HOME}/devices/nvidia[2-3]\n"
        )
        (HOME / "cgroup.conf").write_text(
            "CgroupPlugin=cgroup/v1\nConstrainRAMSpace=yes\nConstrainCores=no\nConstrainDevices=no\n"
        )
        (HOME / "slurmdbd.conf").write_text(SLURMDBD_CONF.format(home=HOME))
        (HOME / "slurmdbd.conf").chmod(0o600)
        ETC.mkdir(exist_ok=True)
        for name in CONFIG_FILES:
            link = ETC / name
            if link.exists() and not link.is_symlink():
                raise ClusterError(f"{link}: this machine has a Slurm of its own; the tests do not touch it")
            link.unlink(missing_ok=True)
            link.symlink_to(HOME / name)

    def _start_munge(self) -> None:
        folder = HOME / "munge"
        key = folder / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        for path in (folder, key):
            shutil.chown(path, "munge", "munge")
        for path in (HOME, folder):
            path.chmod(0o755)
        paths = {option: f"{folder}/{option}" for option in ("socket", "pid-file", "log-file", "seed-file")}
        options = [f"--{option}={path}" for option, path in paths.items()]
        self.start_daemon("munge", "munged", "--foreground", f"--key-file={key}", *options, user="munge")
        wait_until("munge's socket", lambda: (folder / "socket").exists())

    def _start_database(self) -> None:
        folder = HOME / "database"
        shutil.chown(folder, "mysql", "mysql")
        run("mariadb-install-db", "--no-defaults", f"--datadir={folder}", "--user=mysql", "--skip-test-db")
        options = (
            f"--datadir={folder}",
            f"--socket={folder}/socket",
            f"--port={DATABASE_PORT}",
            "--bind-address=127.0.0.1",
        )
        memory = ("--innodb-buffer-pool-size=64M", "--innodb-lock-wait-timeout=900")
        self.start_daemon("mariadb", "mariadbd", "--no-defaults", *options, *memory, user="mysql")
        wait_until("the database's port", lambda: listens(DATABASE_PORT))
        statements = (
            "create database slurm; create user 'slurm'@'127.0.0.1' identified by 'slurm'; "
            "grant all on slurm.* to 'slurm'@'127.0.0.1'; flush privileges;"
        )
        run("mariadb", "--no-defaults", f"--socket={folder}/socket", "-e", statements)

    def _add_accounts(self) -> None:
        run("sacctmgr", "-i", "add", "cluster", "test")
        for account in (ACCOUNT, OTHER_ACCOUNT):
            run("sacctmgr", "-i", "add", "account", account, "cluster=test", "description=test", "organization=test")
        run("sacctmgr", "-i", "add", "user", USER, f"account={ACCOUNT}", f"defaultaccount={ACCOUNT}")


def _alive(pid: int) -> bool:
    """Whether a process runs; a child that has ended is reaped on the way."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={home}/munge/socket
StateSaveLocation={home}/state
SlurmctldPidFile={home}/slurmctld.pid
SlurmctldLogFile={home}/log/slurmctld.log
SlurmdPidFile={home}/slurmd-%n.pid
SlurmdSpoolDir={home}/spool/%n
SlurmdLogFile={home}/log/slurmd-%n.log
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
TaskPlugin=task/cgroup
ProctrackType=proctrack/cgroup
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
GresTypes=gpu
EnforcePartLimits=ALL
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=16819
AccountingStoragePass={home}/munge/socket
AccountingStorageEnforce=associations,limits,qos
AccountingStorageTRES=gres/gpu,gres/gpu:a100
AccountingStoreFlags=job_comment
JobRequeue=1
ReturnToService=2
KillWait=5
MinJobAge=300
SlurmdTimeout=20
InactiveLimit=0
MpiDefault=none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port=16911 CPUs=8 RealMemory=32000 Gres=gpu:a100:2
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port=16912 CPUs=8 RealMemory=32000 Gres=gpu:a100:2
PartitionName=alpha Nodes=n1,n2 Default=YES MaxTime=8:00:00 PriorityTier=1 State=UP
PartitionName=urgent Nodes=n1,n2 MaxTime=8:00:00 PriorityTier=2 PreemptMode=OFF State=UP
"""

SLURMDBD_CONF = """
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=16819
CommunicationParameters=NoInAddrAny
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={home}/munge/socket
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=13306
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
PidFile={home}/slurmdbd.pid
LogFile={home}/log/slurmdbd.log
"""


def main() -> None:
    """Start or stop the cluster, or check that it can be had here."""
    if sys.argv[1:] not in (["start"], ["stop"], ["check"]):
        sys.exit(f"{__doc__}\nexpected start, stop or check")
    if sys.argv[1] == "check":
        sys.exit(f"missing for a test cluster: {', '.join(missing())}" if missing() else 0)
    try:
        getattr(Cluster(), sys.argv[1])()
    except ClusterError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
