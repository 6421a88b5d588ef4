"""Answers about balances."""

from typing import Literal

from pydantic import BaseModel


class BalanceShown(BaseModel):
    """What the platform owes the signed-in user, in minor units."""

    amount: int


class BalanceAnswer(BaseModel):
    """An answer with a balance."""

    balance: BalanceShown


class EntryShown(BaseModel):
    """One change of the balance: a sale is positive, a refund negative."""

    id: int
    orderId: int  # noqa: N815  # the style of the contract's names
    slug: str
    kind: Literal["settlement", "refund"]
    amount: int
    createdAt: str  # noqa: N815  # the style of the contract's names


class EntriesAnswer(BaseModel):
    """An answer with one page of entries; `entriesCount` is the count of the whole list."""

    entries: list[EntryShown]
    entriesCount: int  # noqa: N815  # the style of the contract's names
