"""After many rows were written at once the database counts again, or it takes full tables for empty."""

from __future__ import annotations

import pytest
from django.db import connection

from moment import NOW
from xiejian.registry import planner_statistics
from xiejian.registry.models import Party


def believed() -> int:
    """How many parties PostgreSQL takes the register to have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'registry_party'")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
class TestRefresh:
    def test_counts_what_this_transaction_wrote(self, django_assert_num_queries):
        Party.objects.bulk_create(
            Party(name=f"店{n}", division_code="150525", office_code="150525", created_at=NOW, updated_at=NOW)
            for n in range(planner_statistics.MANY)
        )
        if connection.vendor == "sqlite":
            with django_assert_num_queries(0):
                planner_statistics.refresh(planner_statistics.MANY)
        else:
            planner_statistics.refresh(planner_statistics.MANY)
            assert believed() == planner_statistics.MANY

    def test_leaves_few_rows_to_the_server(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            planner_statistics.refresh(planner_statistics.MANY - 1)
