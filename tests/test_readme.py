"""What the README says is so: its example runs, its numbers hold, its maps are complete."""

import inspect
import json
import math
import re
from pathlib import Path

import pytest

from chapters import picture
from minnet import datasets, initializers, layers
from tests.benchmarks import chart, report

ROOT = Path(__file__).parent.parent
PAGES = {page: (ROOT / page).read_text(encoding="utf-8")
         for page in ("README.md", "tests/DEVELOPING.md", "tests/benchmarks/README.md", "chapters/lecturers.md")}
README = PAGES["README.md"]
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_examples(capsys):
    """The first prints what the README shows below it, up to the accuracy's digits that differ between processors."""
    first, second, _ = EXAMPLES
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    assert 9 <= len(first.strip().splitlines()) <= 11, "it is called ten lines"
    names = {}
    exec(compile(first, "README.md", "exec"), names)
    (accuracy, classes), (expected, same) = (text.split("%\n") for text in (capsys.readouterr().out, shown))
    assert float(accuracy) == pytest.approx(float(expected), abs=1)
    assert classes == same
    exec(compile(second, "README.md", "exec"), names)
    said = capsys.readouterr().out
    assert all(text in said for text in ("‖ΔW‖/‖W‖", "edge of chaos", "he_normal", "kaiming_normal_"))


@pytest.mark.peers
def test_the_comparison_by_cross_validation(capsys):
    """Other rounding moves these accuracies by 0.02, and other seeds by up to 0.1; they differ by 0.2 and more."""
    pytest.importorskip("sklearn")
    exec(compile(EXAMPLES[2], "README.md", "exec"), {"digits": datasets.digits(), "initializers": initializers})
    *shown, last = re.search(r"in seconds: ([\d.]+), ([\d.]+) and ([\d.]+) \(chance\)", README).groups()
    printed = [float(word) for word in capsys.readouterr().out.split()]
    assert printed[:2] == pytest.approx([float(word) for word in shown], abs=0.1)
    assert printed[2] == pytest.approx(float(last), abs=0.01)


def test_the_commands_are_there():
    commands = re.findall(r"```sh\n(.*?)\n```", README)
    assert [command.rsplit(" ", 2)[-1] for command in commands] == ["chapters", "pytest"]


def test_every_package_and_every_file_of_the_core_is_on_the_map():
    named = re.findall(r"`(\w+\.py|\w+/)`", README.split("its idea |")[1].split("\n\n")[0])
    assert sorted(named) == sorted(
        [path.name for path in (ROOT / "minnet").glob("*.py") if path.name != "__init__.py"]
        + [f"{path.parent.name}/" for path in (ROOT / "minnet").glob("*/__init__.py")])


def test_every_chapter_is_on_the_map():
    assert re.findall(r"\(chapters/(\d\d_\w+)\.ipynb\)", README) == sorted(
        path.stem for path in (ROOT / "chapters").glob("[0-9][0-9]_*.py"))


@pytest.mark.parametrize(("page", "target"), [(page, target) for page, text in PAGES.items()
                                              for target in re.findall(r"\]\(([^)#]+)\)", text)])
def test_links_lead_somewhere(page, target):
    assert (ROOT / page).parent.joinpath(target).exists()


def test_forward_and_backward_are_ten_lines():
    assert "ten lines that the rest" in README
    bodies = [inspect.getsource(method).split(":\n", 1)[1] for method in (layers.Dense.forward, layers.Dense.backward)]
    assert sum(len(body.strip().splitlines()) for body in bodies) == 10


@pytest.mark.parametrize("name", ["measured", "measured_avx2", "measured_pretraining"])
def test_the_speeds_are_those_measured(name):
    result = json.loads((ROOT / "tests" / "benchmarks" / f"{name}.json").read_text(encoding="utf-8"))
    assert "\n".join(report.report(result)) in PAGES["tests/benchmarks/README.md"]


@pytest.mark.parametrize(("file", "words"), [("chapters/picture.png", "theory"),
                                             ("tests/benchmarks/speed.png", "PyTorch")])
def test_pictures_are_small_and_described(file, words):
    assert (ROOT / file).stat().st_size < 120_000
    (described,) = re.findall(rf"!\[([^]]+)\]\({re.escape(file)}\)", README)
    assert words in described


def test_the_picture_is_drawn(tmp_path):
    picture.draw(tmp_path / "picture.png", depth=4, drawn=2, runs=1, epochs=2)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("start", picture.STARTS.values(), ids=picture.STARTS)
def test_the_picture_says_what_theory_says(start):
    """Mean squares of 50 networks: their mean is theory's within five standard errors, in every layer."""
    x = datasets.digits().train[0][:100]
    squares = picture.measured(start, 4, x, range(50)) ** 2
    error = squares.std(axis=0) / math.sqrt(len(squares))
    assert (abs(squares.mean(axis=0) - picture.predicted(start, 4, x) ** 2) < 5 * error).all()


def test_the_chart_is_drawn(tmp_path):
    result = json.loads((ROOT / "tests" / "benchmarks" / "measured.json").read_text(encoding="utf-8"))
    chart.draw(result, tmp_path / "speed.png")
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("file", [".pre-commit-config.yaml", ".github/workflows/ci.yml"])
def test_settings_can_be_read(file):
    yaml = pytest.importorskip("yaml")
    read = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    commands = [hook["entry"] for repo in read["repos"] for hook in repo["hooks"]] if "repos" in read else [
        step["run"] for job in read["jobs"].values() for step in job["steps"] if "run" in step]
    assert any("pytest" in command for command in commands)


def test_the_developers_page_names_what_there_is():
    """Every path in DEVELOPING.md exists, and every name that follows a path stands in that file."""
    page = PAGES["tests/DEVELOPING.md"]
    paths = {path for path in re.findall(r"`((?:[\w.]+/)+[\w.]*)`", page) if "NN_" not in path}
    assert len(paths) > 8
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
    pairs = re.findall(r"`([\w.]+)`\s+in\s+`([\w./]+\.py)`", page)
    assert len(pairs) > 8
    assert [pair for pair in pairs if not re.search(rf"\b{re.escape(pair[0])}\b",
                                                    (ROOT / pair[1]).read_text(encoding="utf-8"))] == []


def test_the_cost_of_an_epoch_is_the_one_measured():
    tables = (ROOT / "tests" / "benchmarks" / "README.md").read_text(encoding="utf-8")
    row = next(line for line in tables.splitlines() if line.startswith("| epoch of `fit`"))     # the first table
    ratios = [float(cell) for cell in row.strip("| ").split(" | ")[1:] if cell.strip()]
    assert f"{min(ratios) - 1:.0%} to {max(ratios) - 1:.0%}".replace("% to", " to") + " longer" in README
