"""Operation ids sort in the order in which they were made: the queue relies on it."""

from datetime import UTC, datetime, timedelta

from app.domain.ids import new_id


def test_ids_of_one_millisecond_sort_in_order_and_differ() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    made = [new_id(now) for _ in range(1000)]
    assert made == sorted(set(made))


def test_later_ids_sort_behind_and_have_26_digits() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    made = [new_id(now + timedelta(milliseconds=n)) for n in range(100)]
    assert made == sorted(made)
    assert {len(one) for one in made} == {26}
