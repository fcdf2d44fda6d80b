"""Importing Osler, and what it computes with, reports to nobody."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

WATCH = """
import multiprocessing, socket, sys
def refuse(*arguments, **keywords): print("REPORTED", arguments); raise OSError("no network in this test")
socket.socket.connect = refuse
multiprocessing.Process.start = refuse
import osler
import openvino
print(type(openvino.tools.ovc.telemetry).__module__)
"""


def test_importing_openvino_after_osler_reports_to_nobody_and_leaves_no_identity_behind(tmp_path):
    without_ci = {name: value for name, value in os.environ.items() if name not in {"CI", "TF_BUILD", "JENKINS_URL"}}
    result = subprocess.run(
        [sys.executable, "-c", WATCH],
        env={**without_ci, "HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "REPORTED" not in result.stdout
    assert result.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
    assert list(tmp_path.iterdir()) == []
