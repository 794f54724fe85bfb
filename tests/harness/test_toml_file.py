"""A value written as TOML is read back as it was."""

from __future__ import annotations

from pathlib import Path

from humpback.core.toml_file import read_toml, to_toml, value_of
from humpback.spec.protocol import Headroom, Protocol, Registered, Variance


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    whole = Protocol(
        "mïcro",
        (0, 1),
        (
            Registered("a/b", 'M1 "joined"', "{S_a, S_w}\\", variance=(Variance(1e-7, 2), Variance())),
            Registered("a/b", "slope of x", "level", matters=3.0, because="a line\nand another", paper=-2.5),
        ),
        matters=Headroom("a/b", "oracle", "M0", points=15.25),
        seeds=(100, 101),
        exploratory=("c/d",),
        parts=(("base", "12"), ("sft", "34")),
    )
    path = tmp_path / "protocol.toml"
    path.write_text(to_toml(whole, lambda one: "said" if isinstance(one, Registered) else ""), encoding="utf-8")
    assert value_of(Protocol, read_toml(path), "f") == whole
    assert path.read_text(encoding="utf-8").count("# said\n[[primary]]") == 2
