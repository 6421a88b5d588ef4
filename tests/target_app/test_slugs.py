import pytest

from target_app.articles.slugs import slug


@pytest.mark.parametrize(
    ("title", "number", "expected"),
    [
        ("How to train your dragon", 1, "how-to-train-your-dragon-00001"),
        ("Ünïcode & Co.", 40, "unicode-co-00014"),
        ("日本語", 36, "article-00010"),
        ("../../etc/passwd?x=1#y", 7, "etc-passwd-x-1-y-00007"),
        ("x", 36**6, "x-1000000"),
        ("a" * 500, 1, f"{'a' * 200}-00001"),
    ],
)
def test_slug(title: str, number: int, expected: str) -> None:
    """A slug has the title's words in ASCII and the article's number, and nothing that a path would mind."""
    assert slug(title, number) == expected
