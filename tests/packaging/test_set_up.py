"""`make run` and its scripts on machines that lack things: what is installed, what is printed, what is left behind."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix" or os.uname().sysname != "Linux", reason="shell scripts for Linux")

Make = Callable[..., subprocess.CompletedProcess[str]]

TOOLS = [
    "sh",
    "env",
    "uname",
    "find",
    "head",
    "make",
    "touch",
    "mkdir",
    "dirname",
    "cat",
    "sed",
    "expand",
    "rm",
    "chmod",
    "true",
]


class Machine:
    """A pretended machine: its PATH holds a few real tools and the programs that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.log = folder / "log.txt"
        self.log.touch()
        for tool in TOOLS:
            real = shutil.which(tool)
            assert real is not None, f"{tool} is not here"
            (self.programs / tool).symlink_to(real)

    def has(self, name: str, script: str) -> None:
        """Put a shell script there as program `name`; $LOG in it is the file that `calls` reads."""
        program = self.programs / name
        program.unlink(missing_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def run(self, *command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command there, with no terminal and no display."""
        environment = {"PATH": str(self.programs), "HOME": str(self.folder), "LOG": str(self.log)}
        return subprocess.run(
            command, cwd=cwd or self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip

    def calls(self) -> list[str]:
        """What the programs wrote to $LOG, line by line."""
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with none of the libraries, a good Python, and nobody's privileges."""
    machine = Machine(tmp_path)
    machine.has("ldconfig", "exit 0")
    machine.has("python3", "exit 0")
    machine.has("id", "echo 1000")
    return machine


@pytest.fixture
def script(repository: Path) -> Path:
    """packaging/system-libraries.sh"""
    return repository / "packaging" / "system-libraries.sh"


APT = 'echo "apt-get $*" >> "$LOG"'


class TestSystemLibraries:
    """packaging/system-libraries.sh"""

    def test_without_privileges_it_prints_the_one_command(self, machine: Machine, script: Path) -> None:
        """Breaks when a user who is neither root nor has sudo gets a failed apt instead of something to type."""
        machine.has("apt-get", APT)
        result = machine.run(script)
        assert result.returncode == 1
        assert machine.calls() == []
        (command,) = [line for line in result.stderr.splitlines() if line.startswith("    sudo apt-get install ")]
        for package in ("libegl1", "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libportaudio2"):
            assert package in command.split()
        assert "xvfb" not in command.split()

    def test_root_installs_with_apt(self, machine: Machine, script: Path) -> None:
        """Breaks when root on a bare machine or in a container does not get the libraries."""
        machine.has("id", "echo 0")
        machine.has("apt-get", APT)
        machine.run(script)
        (call,) = machine.calls()
        assert call.startswith("apt-get install -y")
        assert {"libegl1", "libxkbcommon-x11-0", "libportaudio2"} <= set(call.split())

    def test_sudo_without_a_password_installs_with_apt(self, machine: Machine, script: Path) -> None:
        """Breaks when sudo is not used where it would work unattended."""
        machine.has("apt-get", APT)
        machine.has("sudo", 'echo "sudo $*" >> "$LOG"\n[ "$1" = -n ] && shift && exec "$@"')
        machine.run(script)
        assert any(call.startswith("apt-get install -y") and "libegl1" in call for call in machine.calls())

    def test_package_lists_are_fetched_when_apt_knows_nothing(self, machine: Machine, script: Path) -> None:
        """Breaks when a fresh container, which has no package lists, ends with 'unable to locate package'."""
        machine.has("id", "echo 0")
        machine.has(
            "apt-get", APT + f'\n[ "$1" = update ] && touch {machine.folder}/lists\n[ -e {machine.folder}/lists ]'
        )
        machine.run(script)
        assert [call.split()[1] for call in machine.calls()] == ["install", "update", "install"]

    def test_another_distribution_is_told_its_own_command(self, machine: Machine, script: Path) -> None:
        """Breaks when somebody on Fedora is told to use apt."""
        machine.has("dnf", "exit 0")
        result = machine.run(script)
        assert "sudo dnf install" in result.stderr
        assert "apt" not in result.stderr

    def test_test_option_adds_the_display(self, machine: Machine, script: Path) -> None:
        """Breaks when the test set-up forgets Xvfb."""
        machine.has("apt-get", APT)
        assert "xvfb" in machine.run(script, "--test").stderr

    def test_missing_venv_module_is_installed_too(self, machine: Machine, script: Path) -> None:
        """Breaks when Debian's Python, which comes without venv, is taken for complete."""
        machine.has("apt-get", APT)
        machine.has("python3", "exit 1")
        assert "python3-venv" in machine.run(script).stderr

    def test_nothing_is_said_or_done_when_everything_is_there(self, machine: Machine, script: Path) -> None:
        """Breaks when a machine that has everything is asked for a password or shown noise."""
        libraries = [
            line.split()[0] for line in script.read_text().splitlines() if line.startswith("lib") and ".so." in line
        ]
        assert len(libraries) > 20
        listing = "\n".join(f"\t{library} (libc6,x86-64) => /lib/{library}" for library in libraries)
        machine.has("ldconfig", f"cat <<END\n{listing}\nEND")
        (machine.folder / ".fonts").mkdir()
        (machine.folder / ".fonts" / "some.ttf").touch()
        machine.has("apt-get", APT)
        result = machine.run(script)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert machine.calls() == []

    def test_an_unknown_option_is_refused(self, machine: Machine, script: Path) -> None:
        """Breaks when a mistyped option installs packages."""
        assert machine.run(script, "--tset").returncode == 2


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """A checkout with the files that the set-up reads. Its .venv does not exist."""
    folder = tmp_path / "a checkout"
    (folder / "packaging").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "packaging/constraints.txt", "packaging/virtualenv.sh"):
        shutil.copy(repository / name, folder / name)
    (folder / "packaging" / "system-libraries.sh").write_text("#!/bin/sh\nexit 0\n")
    (folder / "packaging" / "system-libraries.sh").chmod(0o755)
    return folder


# A Python of 3.11 or newer whose `-m venv` makes an environment in which it is again, and whose pip succeeds.
PYTHON = """
case "$1 $2" in
    "-m venv") mkdir -p .venv/bin && cat "$0" > .venv/bin/python && chmod +x .venv/bin/python ;;
    "-m pip")
        echo "pip $*" >> "$LOG"
        [ ! -e pip-fails ] || exit 1
        printf '#!/bin/sh\\nfor word; do echo "<$word>"; done\\n' > .venv/bin/pianodiff
        chmod +x .venv/bin/pianodiff ;;
    "--version "*) echo "Python 3.12.1" ;;
esac
"""


class TestMake:
    """`make run`, as far as it goes before the application starts."""

    @pytest.fixture
    def make(self, machine: Machine, checkout: Path) -> Make:
        """Runs make with the given words in the checkout."""
        machine.has("python3", PYTHON)
        return lambda *words: machine.run("make", *words, cwd=checkout)

    def test_second_run_starts_at_once(self, machine: Machine, make: Make) -> None:
        """Breaks when every start calls pip again."""
        first, second = make("run"), make("run")
        assert first.returncode == 0, first.stderr
        assert second.stdout.split() == ["<demo>"]
        assert len(machine.calls()) == 1

    def test_constraints_are_used(self, machine: Machine, make: Make) -> None:
        """Breaks when versions float."""
        make("run")
        assert "--constraint packaging/constraints.txt" in machine.calls()[0]

    def test_clip_of_any_name_reaches_the_application(self, make: Make) -> None:
        """Breaks when a file name with a space or a quote is torn apart by make or the shell."""
        assert make("setup").returncode == 0
        clip = 'my "take" 1 it\'s.wav'
        assert make("run", f"CLIP={clip}").stdout.splitlines() == ["<demo>", f"<{clip}>"]

    def test_failed_installation_is_tried_again(self, machine: Machine, make: Make, checkout: Path) -> None:
        """Breaks when half an installation passes for a whole one at the next start."""
        (checkout / "pip-fails").touch()
        assert make("run").returncode != 0
        assert not (checkout / ".venv" / ".installed").exists()
        (checkout / "pip-fails").unlink()
        assert make("run").returncode == 0
        assert len(machine.calls()) == 2

    def test_new_constraints_are_installed(self, machine: Machine, make: Make, checkout: Path) -> None:
        """Breaks when an update of the sources goes on with the old packages."""
        make("run")
        later = (checkout / ".venv" / ".installed").stat().st_mtime + 10
        os.utime(checkout / "packaging" / "constraints.txt", (later, later))
        make("run")
        assert len(machine.calls()) == 2

    def test_tests_do_not_make_run_install_again(self, machine: Machine, make: Make) -> None:
        """Breaks when switching between `make test` and `make run` calls pip each time."""
        make(".venv/.installed-test")
        assert "[test]" in machine.calls()[0]
        make("run")
        assert len(machine.calls()) == 1

    def test_the_site_needs_neither_pytorch_nor_the_application(self, machine: Machine, make: Make) -> None:
        """Breaks when building the pages downloads gigabytes, or passes for an installation that `make run` can use."""
        reads = 'case "$1 $2" in\n    *tomllib*) echo mkdocs-material ;;'
        machine.has("python3", PYTHON.replace('case "$1 $2" in', reads))
        assert "2.7 GB" not in make(".venv/.installed-docs").stdout
        assert machine.calls()[0].endswith("--constraint packaging/constraints.txt mkdocs-material")
        make("run")
        assert machine.calls()[1].endswith("--editable .")

    def test_sizes_are_announced(self, machine: Machine, make: Make) -> None:
        """Breaks when a download of gigabytes begins without a word."""
        machine.has("python3", PYTHON.replace('case "$1 $2" in', 'case "$1 $2" in\n    "-c import torch") exit 1 ;;'))
        assert "2.7 GB" in make("run").stdout

    def test_old_python_is_explained(self, machine: Machine, make: Make) -> None:
        """Breaks when an old Python ends in a syntax error in the middle of the installation."""
        machine.has("python3", '[ "$1" = --version ] && echo "Python 3.10.12"\nexit 1')
        result = make("run")
        assert result.returncode != 0
        assert "needs Python 3.11 or newer; found: Python 3.10.12" in result.stderr

    def test_a_newer_python_beside_the_old_one_is_found(self, machine: Machine, make: Make) -> None:
        """Breaks when only the name python3 is tried."""
        machine.has("python3", "exit 1")
        machine.has("python3.12", PYTHON)
        assert make("run").returncode == 0

    def test_python_without_venv_is_explained(self, machine: Machine, make: Make) -> None:
        """Breaks when Debian's split of the venv module ends in a traceback."""
        venv_is_missing = 'case "$2" in *ensurepip*) exit 1 ;; *version_info*2*) echo 3.12 ;; esac'
        machine.has("python3", venv_is_missing)
        result = make("run")
        assert result.returncode != 0
        assert "venv module is not" in result.stderr

    def test_help_names_the_commands(self, make: Make) -> None:
        """Breaks when `make` alone does something instead of saying what there is."""
        listed = make().stdout
        for target in ("run", "test", "package", "clean"):
            assert f"make {target} " in listed
