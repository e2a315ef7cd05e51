"""What reads pages and units for the tests: where a command ends, how many there are, what an environment file says."""

from pathlib import Path

import pytest

from verification.pages.commands import count, entered
from verification.systemd.unit import Refused, Unit, environment_file

HEREDOC = "cat >file <<'END'\none; two\nEND"
LOOP = "for a in b c; do\n  first $a &\n  second $a >log 2>&1 &\ndone"


def test_a_block_is_cut_where_the_shell_has_all_it_waits_for() -> None:
    """A line is a command, but for a here-document, a loop and a line that goes on; a remark is none."""
    block = f"# remark\nls\n{HEREDOC}\n\n{LOOP}\necho one \\\n  two\n"
    assert list(entered(block)) == ["ls", HEREDOC, LOOP, "echo one \\\n  two"]


def test_a_block_that_ends_in_the_middle_is_refused() -> None:
    """A here-document without its end is no command."""
    with pytest.raises(AssertionError, match="middle of a command"):
        list(entered("cat <<END\nnothing more\n"))


@pytest.mark.parametrize(
    ("command", "many"),
    [("ls", 1), ("ls && cat", 2), ("ls; cat", 2), ("ls | cat", 1), (HEREDOC, 1), (LOOP, 2), ("run >log 2>&1 &", 1)],
)
def test_commands_are_counted_one_by_one(command: str, many: int) -> None:
    """What is joined on one line counts as many; a pipe is one, and each command of a loop."""
    assert count(command) == many


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=plain", "plain"),
        ("A='to\"ken $1 #2 \\3 %i'", 'to"ken $1 #2 \\3 %i'),
        ('A="in \\"double\\" \\$1 \\n"', 'in "double" $1 \\n'),
        ("A=b # no remark", "b # no remark"),
        ("A=back\\slash", "backslash"),
        ("# A=remark", None),
        ("export A=b", None),
    ],
)
def test_an_environment_file_is_read_as_systemd_reads_it(line: str, value: str | None) -> None:
    """Quotes go, a backslash outside of them too, and what follows a value belongs to it."""
    assert environment_file(line).get("A") == value


def test_a_unit_with_a_line_that_the_stand_in_does_not_know_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line of a unit is passed over in silence."""
    (tmp_path / "one.service").write_text("[Service]\nExecStart=/bin/true\nRootDirectory=/srv\n")
    monkeypatch.setattr("verification.systemd.unit.FOLDERS", (tmp_path,))
    monkeypatch.setattr("verification.systemd.unit.STATE", tmp_path / "state")
    with pytest.raises(Refused, match="RootDirectory"):
        Unit("one")
