"""docs/promises.md names only proofs that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROOFS = sorted(
    {
        proof
        for line in (ROOT / "docs" / "promises.md").read_text().splitlines()
        if line.startswith("|")
        for proof in re.findall(r"`([^`]+)`", line.rsplit("|", 2)[1])
    }
)


def test_there_are_promises() -> None:
    assert len(PROOFS) > 20


@pytest.mark.parametrize("proof", PROOFS)
def test_the_proof_exists(proof: str) -> None:
    path, _, name = proof.partition("::")
    assert (ROOT / path).exists(), path
    if path.startswith("tests/") and path.endswith(".py"):
        assert re.search(r"^(async )?def test_", (ROOT / path).read_text(), re.MULTILINE), path
    if name:
        assert f"def {name}(" in (ROOT / path).read_text(), proof


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
            if not target.startswith(("http://", "https://", "mailto:")):
                assert (document.parent / target).exists(), f"{document.name}: {target}"
