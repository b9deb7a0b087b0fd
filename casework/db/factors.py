"""Second factors: time-based codes (RFC 6238), each good once, and recovery codes for a telephone that is lost."""

import base64
import re
import secrets
from functools import cached_property

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import Connection, Engine, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.tables import factors, offices, recovery_codes
from casework.db.tokens import end_all, hash_of
from casework.models.people import Account
from casework.vault.keys import Derives
from casework.vault.sealing import open_sealed, seal

ISSUER = "Tuntas"
CODE = re.compile(r"[0-9]{6}", re.ASCII)
DRIFT = 1
"""Steps of thirty seconds by which a telephone's clock may be wrong."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 10


class SqlFactorRules:
    """Who has a second factor and who must, and how somebody is rid of a lost one."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now

    def state(self, account: Account) -> tuple[bool, bool]:
        """Whether an account has a second factor, and whether its office asks for one."""
        has = exists().where(factors.c.account_id == account.id, factors.c.secret.is_not(None))
        must = exists().where(offices.c.agency_id == account.agency_id, offices.c.second_factor)
        with reading(self._engine, NOBODY) as connection:
            row = connection.execute(select(has, must)).one()
        return row[0], row[1]

    def require(self, agency_id: str, *, required: bool) -> None:
        """Ask all of an office for a second factor, or no longer; who has one is always asked for it."""
        entry = insert(offices).values(agency_id=agency_id, second_factor=required)
        changed = {"second_factor": required}
        with writing(self._engine, NOBODY) as connection:
            connection.execute(entry.on_conflict_do_update(index_elements=[offices.c.agency_id], set_=changed))

    def remove(self, account_id: str) -> None:
        """Take an account's second factor away, for who has lost it; every token and session ends."""
        with writing(self._engine, NOBODY) as connection:
            mine = factors.c.account_id == account_id
            connection.execute(update(factors).where(mine).values(secret=None, pending=None))
            connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))
            end_all(connection, account_id, self._now())


class SqlFactors(SqlFactorRules):
    """Sets second factors up and checks their codes. Secrets are sealed under a key of the root key."""

    def __init__(self, engine: Engine, root: Derives, now: Clock = wall_clock) -> None:
        super().__init__(engine, now)
        self._root = root

    @cached_property
    def _key(self) -> bytes:
        return self._root.derive(b"second factor")

    def begin(self, account: Account) -> tuple[str, str]:
        """A new secret, and the address that telephones read it from. It counts once it is confirmed, not before."""
        secret = pyotp.random_base32()
        pending = {"pending": seal(self._key, secret.encode(), _place(account.id))}
        entry = insert(factors).values(account_id=account.id, **pending)
        with writing(self._engine, NOBODY) as connection:
            connection.execute(entry.on_conflict_do_update(index_elements=[factors.c.account_id], set_=pending))
        return secret, pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=ISSUER)

    def confirm(self, account_id: str, code: str) -> tuple[str, ...] | None:
        """Take the new secret into use by a code of it: the recovery codes, which are not kept; None for a wrong code.

        Every token and session of the account ends: they were given out without it.
        """
        mine = factors.c.account_id == account_id
        with writing(self._engine, NOBODY) as connection:
            pending = connection.scalar(select(factors.c.pending).where(mine).with_for_update())
            step = self._step(account_id, pending, code)
            if step is None:
                return None
            taken = {"secret": pending, "pending": None, "last_step": step}
            connection.execute(update(factors).where(mine).values(taken))
            end_all(connection, account_id, self._now())
            return _new_recovery_codes(connection, account_id)

    def accept(self, account_id: str, code: str) -> bool:
        """Whether a code opens now; if so, it never does again."""
        if CODE.fullmatch(code):
            return self._accept_code(account_id, code)
        return self._accept_recovery(account_id, code)

    def _accept_code(self, account_id: str, code: str) -> bool:
        with writing(self._engine, NOBODY) as connection:
            mine = factors.c.account_id == account_id
            step = self._step(account_id, connection.scalar(select(factors.c.secret).where(mine)), code)
            if step is None:
                return False
            # Of two that show the same code at once, one moves the step on; the other finds it moved.
            unused = update(factors).where(mine, factors.c.last_step < step).values(last_step=step)
            return connection.execute(unused).rowcount == 1

    def _accept_recovery(self, account_id: str, code: str) -> bool:
        kept = (recovery_codes.c.account_id == account_id) & (recovery_codes.c.code_hash == _hash(account_id, code))
        used = update(recovery_codes).where(kept, recovery_codes.c.used_at.is_(None)).values(used_at=self._now())
        with writing(self._engine, NOBODY) as connection:
            return connection.execute(used).rowcount == 1

    def _step(self, account_id: str, sealed: bytes | None, code: str) -> int | None:
        """The step of time that a code is of; None for none about now."""
        if sealed is None or not CODE.fullmatch(code):
            return None
        secret = open_sealed(self._key, sealed, _place(account_id)).decode()
        try:
            return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=self._now(), valid_window=DRIFT)
        except OTPVerificationError:
            return None


def _new_recovery_codes(connection: Connection, account_id: str) -> tuple[str, ...]:
    letters = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    codes = tuple("-".join(each[start : start + 4] for start in range(0, len(each), 4)) for each in letters)
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))
    rows = [{"account_id": account_id, "code_hash": _hash(account_id, code)} for code in codes]
    connection.execute(insert(recovery_codes), rows)
    return codes


def _hash(account_id: str, code: str) -> str:
    # 80 random bits, and slowed down at the door: a slow hash would add nothing.
    return hash_of(f"{account_id} {re.sub(r'[^a-z2-7]', '', code.lower())}")


def _place(account_id: str) -> bytes:
    return f"second factor|{account_id}".encode()
