"""QR codes: the path that is drawn has exactly the dark squares of the code."""

import re

import pytest

from agent.page.qr_code import qr_code

segno = pytest.importorskip("segno")


@pytest.mark.parametrize("text", ["x", "ntfy://ntfy.sh/gatelight-52F0ynbd12YL4ZJzDN5Xhr8n", "ntfy://" + "a.b" * 60])
def test_the_path_draws_the_code_and_its_margin(text: str) -> None:
    code = qr_code(text)
    assert code is not None
    drawn = {
        (int(x) + step, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)\.5h(\d+)", code.path)
        for step in range(int(length))
    }
    meant = segno.make_qr(text, error="m").matrix

    assert code.size == len(meant) + 8
    assert drawn == {(x + 4, y + 4) for y, row in enumerate(meant) for x, dark in enumerate(row) if dark}
