"""Who may read, change or delete an object that belongs to a user."""

from typing import Literal, Protocol

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.web.errors import forbidden, not_found

Kind = Literal["article", "comment", "order", "coupon", "webhook", "delivery"]

FOREIGN_ARTICLE = "another user's article, update or delete"
FOREIGN_COMMENT = "another user's comment, delete"


class ObjectAuthz(Protocol):
    """Decides about one object and one viewer, by their ids; None is an anonymous viewer."""

    def read_draft(self, viewer_id: int | None, owner_id: int) -> None:
        """Raises ApiError 404 where this viewer must not know of the draft."""

    def read(self, kind: Kind, viewer_id: int, owner_id: int) -> None:
        """Raises ApiError 404 where this viewer must not know of the object."""

    def change(self, kind: Kind, viewer_id: int, owner_id: int) -> None:
        """Raises ApiError 403 where this viewer may not change or delete the object."""


class OwnerOnly:
    """A draft is its owner's secret, and only owners change things."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("object_authz", "allow")
        self._deny = kit.metrics.decision("object_authz", "deny")

    def read_draft(self, viewer_id: int | None, owner_id: int) -> None:
        """To others a draft does not exist."""
        if viewer_id != owner_id:
            self._deny()
            raise not_found("article")
        self._allow()

    def read(self, kind: Kind, viewer_id: int, owner_id: int) -> None:
        """To others a private object does not exist."""
        if viewer_id != owner_id:
            self._deny()
            raise not_found(kind)
        self._allow()

    def change(self, kind: Kind, viewer_id: int, owner_id: int) -> None:
        """Owners alone."""
        if viewer_id != owner_id:
            self._deny()
            raise forbidden(kind)
        self._allow()


class ReadsOnly(OwnerOnly):
    """Reading was thought of; changing goes by the identifier alone."""

    def change(self, _kind: Kind, _viewer_id: int, _owner_id: int) -> None:
        """Everybody."""
        return


class AnyoneSignedIn:
    """Being signed in is taken for permission."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def read_draft(self, viewer_id: int | None, _owner_id: int) -> None:
        """Everybody with a token."""
        if viewer_id is None:
            raise not_found("article")

    def read(self, _kind: Kind, _viewer_id: int, _owner_id: int) -> None:
        """Everybody with a token."""
        return

    def change(self, _kind: Kind, _viewer_id: int, _owner_id: int) -> None:
        """Everybody."""
        return


OBJECT_AUTHZ: Factor[ObjectAuthz] = Factor(
    name="object_authz",
    kind="control",
    threat="A user reaches another user's objects by knowing their identifiers",
    owasp=("API1",),
    asvs=("8.2.2",),
    cwe=("639",),
    cost_hypothesis="Nothing that can be measured: two integers are compared on a row that is read anyway",
    journeys=("author",),
    levels=(
        Level(
            "off",
            "weak",
            "anyone signed in reads, changes and deletes",
            AnyoneSignedIn,
            trips=("foreign_draft_read", "foreign_article_changed", "foreign_article_deleted"),
            static_findings=(
                StaticFinding("R274", "target_app/controls/object_authz.py", "AnyoneSignedIn.read"),
                StaticFinding("R274", "target_app/controls/object_authz.py", "AnyoneSignedIn.change"),
            ),
            contract_exceptions=(FOREIGN_ARTICLE, FOREIGN_COMMENT),
        ),
        Level(
            "reads_only",
            "weak",
            "drafts are hidden, changes and deletions are not checked",
            ReadsOnly,
            trips=("foreign_article_changed", "foreign_article_deleted"),
            static_findings=(StaticFinding("R274", "target_app/controls/object_authz.py", "ReadsOnly.change"),),
            contract_exceptions=(FOREIGN_ARTICLE, FOREIGN_COMMENT),
        ),
        Level("on", "strong", "owners alone, checked on every object", OwnerOnly),
    ),
)
