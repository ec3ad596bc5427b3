"""A case that begins with an offer on the internet: the clue and the offer's disposal in one step."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from xiejian.cases.models import Proceeding
from xiejian.cases.proceedings import Clue, register_clue
from xiejian.kernel.problems import Refused
from xiejian.online import actions
from xiejian.online.checks import FILED, problems
from xiejian.online.models import Listing
from xiejian.people.policy import Actor

SOURCE = "网络监测"


@transaction.atomic
def register_clue_of_listing(
    *, listing: Listing, conduct: str, on: dt.date, by: Actor, at: dt.datetime
) -> Proceeding:
    """Register the offer's seller as a source of a case and settle the offer with the clue's number.

    Refused: no seller of the register (M204), and what ``register_clue`` and ``settle_listing`` refuse.
    """
    if listing.seller is None:
        raise Refused(problems("M204", listing.number))
    clue = Clue(
        conduct, SOURCE, on, source_kind="listing", source_record=listing.pk, source_no=listing.number,
        link=actions.LINK,
    )  # fmt: skip
    made = register_clue(clue=clue, party=listing.seller, by=by, at=at)
    actions.settle_listing(listing=listing, on=on, outcome=FILED, case_no=made.number, by=by, at=at)
    return made
