"""The command `pianodiff evaluate`."""

import subprocess
import sys


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from core.commands.main import main; assert main(['evaluate', '--help']) == 0; "
        "assert not {'torch', 'PySide6'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("usage: pianodiff evaluate") and "example: pianodiff evaluate" in done.stdout
