"""What the README says is so: its example runs, its numbers hold, its maps are complete."""

import inspect
import json
import re
from pathlib import Path

import pytest

from minnet import layers
from tests.benchmarks import report

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples(capsys):
    first, second = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert 9 <= len(first.strip().splitlines()) <= 11, "it is called ten lines"
    names = {}
    exec(compile(first, "README.md", "exec"), names)
    training, others = map(float, capsys.readouterr().out.split())
    assert training > others > 0.9
    exec(compile(second, "README.md", "exec"), names)
    said = capsys.readouterr().out
    assert all(text in said for text in ("‖ΔW‖/‖W‖", "edge of chaos", "HeNormal", "kaiming_normal_"))


def test_the_commands_are_there():
    commands = re.findall(r"```sh\n(.*?)\n```", README)
    assert [command.rsplit(" ", 2)[-1] for command in commands] == ["chapters", "pytest"]


def test_every_file_of_the_library_is_on_the_map():
    named = set(re.findall(r"`(\w+\.py|\w+/)`", README.split("its idea |")[1].split("| chapter |")[0]))
    assert named == {path.name for path in (ROOT / "minnet").glob("*.py")} - {"__init__.py"} | {
        f"{path.parent.name}/" for path in (ROOT / "minnet").glob("*/__init__.py")}


def test_every_chapter_is_on_the_map():
    assert re.findall(r"\(chapters/(\w+)\.ipynb\)", README) == sorted(
        path.stem for path in (ROOT / "chapters").glob("[0-9][0-9]_*.py"))


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


def test_forward_and_backward_are_ten_lines():
    assert "ten lines that the rest" in README
    bodies = [inspect.getsource(method).split(":\n", 1)[1] for method in (layers.Dense.forward, layers.Dense.backward)]
    assert sum(len(body.strip().splitlines()) for body in bodies) == 10


@pytest.mark.parametrize("name", ["measured", "measured_avx2", "measured_pretraining"])
def test_the_speeds_are_those_measured(name):
    result = json.loads((ROOT / "tests" / "benchmarks" / f"{name}.json").read_text(encoding="utf-8"))
    assert "\n".join(report.report(result)) in README
