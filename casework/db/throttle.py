"""Who has failed how often, shared by all processes. Of names and addresses keyed hashes are kept, nothing else."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.session import Clock, wall_clock, writing
from casework.db.tables import throttles
from casework.errors import TooManyRequestsError
from casework.rules.throttle import (
    ALL_PUBLIC,
    COSTLY,
    FORMS,
    FROM_ONE_PLACE,
    OF_ONE_ACCOUNT,
    OF_ONE_ADDRESS,
    PUBLIC,
    Limit,
    Tries,
    failed,
    opens_at,
)
from casework.signin.ports import Knock
from casework.vault.keys import Derives

KNOWN = timedelta(days=30)
"""How long an address from which somebody signed in counts as theirs."""
ONE_LESS = {"failures": func.greatest(throttles.c.failures - 1, 0)}
MOST_SWEPT = 1000


class SqlThrottle:
    """Lets tries through, or says how long to wait. A try that has to wait changes nothing."""

    def __init__(self, engine: Engine, root: Derives, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._root = root
        self._now = now

    @cached_property
    def _secret(self) -> bytes:
        return self._root.derive(b"throttle")

    def knock(self, username: str, address: str) -> Knock:
        """A try to sign in; raises TooManyRequestsError with `retry_after` where it comes too early."""
        network = network_of(address)
        place, one = self._key("place", username, network), self._key("account", username)
        all_from = self._key("address", network)
        limits = {place: FROM_ONE_PLACE, one: OF_ONE_ACCOUNT, all_from: OF_ONE_ADDRESS}
        now = self._now()
        with writing(self._engine, NOBODY) as connection:
            rows = _locked(connection, limits, now)
            signed_in = rows[place]["succeeded_at"]
            # Who has signed in from there before waits for their own failures only: nobody elsewhere can lock them out.
            known = signed_in is not None and now - signed_in < KNOWN
            tries = _tries(rows)
            _refuse_early({place: FROM_ONE_PLACE} if known else limits, tries, now)
            _count(connection, limits, tries, now)
        return Knock(place, one, all_from, failed(OF_ONE_ACCOUNT, tries[one], now).failures)

    def succeeded(self, knock: Knock) -> None:
        """It was no failure: what failed before from there is forgotten, and the address is known."""
        now = self._now()
        with writing(self._engine, NOBODY) as connection:
            known = {"failures": 0, "last_at": now, "succeeded_at": now}
            _change(connection, {knock.place: known, knock.account: ONE_LESS, knock.address: ONE_LESS})
        self._sweep(now)

    def give_back(self, knock: Knock) -> None:
        """It was neither: right so far, but not all that is asked for."""
        with writing(self._engine, NOBODY) as connection:
            _change(connection, dict.fromkeys((knock.place, knock.account, knock.address), ONE_LESS))

    def form(self, name: str, address: str) -> None:
        """A form is sent in by nobody known; raises TooManyRequestsError where too many come from one address."""
        self._each({self._key("form", name, network_of(address)): FORMS})

    def public(self, address: str) -> None:
        """Somebody of the public reports; raises TooManyRequestsError where too many do, from there or altogether.

        What is refused from one address does not count for the others.
        """
        self._each({self._key("public", network_of(address)): PUBLIC, self._key("public"): ALL_PUBLIC})

    def costly(self, name: str, account_id: str) -> None:
        """An account asks for what costs much; raises TooManyRequestsError where it does so too often."""
        self._each({self._key("costly", name, account_id): COSTLY})

    def _each(self, limits: Mapping[str, Limit]) -> None:
        """Each try counts, whatever comes of it."""
        now = self._now()
        with writing(self._engine, NOBODY) as connection:
            tries = _tries(_locked(connection, limits, now))
            _refuse_early(limits, tries, now)
            _count(connection, limits, tries, now)

    def _sweep(self, now: datetime) -> None:
        """Forget what counts no more, but for what somebody is looking at."""
        long_ago = or_(throttles.c.succeeded_at.is_(None), throttles.c.succeeded_at < now - KNOWN)
        forgotten = select(throttles.c.key).where(throttles.c.last_at < now - FROM_ONE_PLACE.forgotten, long_ago)
        with writing(self._engine, NOBODY) as connection:
            free = forgotten.limit(MOST_SWEPT).with_for_update(skip_locked=True)
            connection.execute(delete(throttles).where(throttles.c.key.in_(free)))

    def _key(self, *parts: str) -> str:
        text = "\0".join(parts).encode(errors="surrogatepass")
        return hmac.digest(self._secret, text, "sha256").hex()


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the whole network that a household or office is given."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or ip_network((known, 64), strict=False))
    return str(known)


def _locked(connection: Connection, limits: Mapping[str, Limit], now: datetime) -> dict[str, Mapping[str, Any]]:
    """The rows, made where they are missing, and nobody else's until the end of the transaction."""
    fresh = [
        {"key": key, "failures": 0, "last_at": now} for key in sorted(limits)
    ]  # in order: two never wait crosswise
    new = insert(throttles).values(fresh)
    taken = new.on_conflict_do_update(index_elements=[throttles.c.key], set_={"key": new.excluded.key})
    return {row["key"]: dict(row) for row in connection.execute(taken.returning(throttles)).mappings()}


def _tries(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Tries]:
    return {key: Tries(failures=row["failures"], last_at=row["last_at"]) for key, row in rows.items()}


def _refuse_early(limits: Mapping[str, Limit], tries: Mapping[str, Tries], now: datetime) -> None:
    opens = max(opens_at(limit, tries[key], now) for key, limit in limits.items())
    if opens > now:
        seconds = ceil((opens - now).total_seconds())
        raise TooManyRequestsError("Too many tries. Wait before the next one.", retry_after=seconds)


def _count(connection: Connection, limits: Mapping[str, Limit], tries: Mapping[str, Tries], now: datetime) -> None:
    rows = [{"key": key, **failed(limit, tries[key], now).model_dump()} for key, limit in sorted(limits.items())]
    new = insert(throttles).values(rows)
    changed = {"failures": new.excluded.failures, "last_at": new.excluded.last_at}
    connection.execute(new.on_conflict_do_update(index_elements=[throttles.c.key], set_=changed))


def _change(connection: Connection, changes: Mapping[str, Mapping[str, Any]]) -> None:
    for key, values in sorted(changes.items(), key=lambda each: each[0]):
        connection.execute(update(throttles).where(throttles.c.key == key).values(values))
