"""Everything Temporal keeps of a case is encrypted under the case's own key, failures and summaries included.

The key's id is in the payload and bound to it, so that it can be decoded without knowing where it came from.
Payloads in the clear are refused: who reaches the engine without our keys can give no case a command.
"""

import asyncio
from collections.abc import Sequence
from copy import copy
from typing import Self

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)

from casework.ids import case_id_of
from casework.vault.errors import VaultError
from casework.vault.keys import Derives
from casework.vault.keystore import KeyStore
from casework.vault.payloads import PayloadKeys, owner_of
from casework.vault.sealing import open_sealed, seal

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"


class CaseCodec(PayloadCodec, WithSerializationContext):
    """Encodes for the workflow of its context; what belongs to no case is sealed under a key of the engine.

    A missing key raises KeyMissingError, in both directions: it is never made here.
    """

    def __init__(self, keys: PayloadKeys, case_id: str | None = None) -> None:
        self._keys = keys
        self._case_id = case_id

    def with_context(self, context: SerializationContext) -> Self:
        """The codec for one workflow and its activities."""
        workflow = getattr(context, "workflow_id", None)
        return type(self)(self._keys, case_id_of(workflow) if workflow else None)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload, metadata included."""
        asked = self._keys.current
        at_hand = self._keys.at_hand(self._case_id)
        name, key = asked(self._case_id) if at_hand else await asyncio.to_thread(asked, self._case_id)
        key_id = name.encode()
        metadata = {"encoding": ENCODING, KEY_ID: key_id}
        return [Payload(metadata=metadata, data=seal(key, each.SerializeToString(), key_id)) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open each payload; raises VaultError for one in the clear, changed, or of another case."""
        return [await self._decode(payload) for payload in payloads]

    async def _decode(self, payload: Payload) -> Payload:
        if not is_sealed(payload):
            raise VaultError("a payload in the clear is not taken")
        key_id = payload.metadata.get(KEY_ID, b"")
        name = _text(key_id)
        at_hand = self._keys.at_hand(*owner_of(name))
        case_id, key = self._keys.of(name) if at_hand else await asyncio.to_thread(self._keys.of, name)
        if case_id and self._case_id not in (None, case_id):
            # A command of one case, copied into another, must not be taken there.
            raise VaultError(f"a payload of case {case_id} was found at case {self._case_id}")
        return Payload.FromString(open_sealed(key, payload.data, key_id))


def owners(payloads: Sequence[Payload]) -> set[str | None]:
    """The cases that payloads are sealed for; None among them for what belongs to no case.

    What is in the clear is nobody's. Raises VaultError where a key is named that is none of ours.
    """
    return {owner_of(_text(each.metadata.get(KEY_ID, b"")))[0] for each in payloads if is_sealed(each)}


def is_sealed(payload: Payload) -> bool:
    """Whether a payload is one that this codec made, as far as it says itself."""
    return payload.metadata.get("encoding") == ENCODING


def _text(key_id: bytes) -> str:
    return key_id.decode(errors="replace")


class CaseConverter(DataConverter):
    """Gives the context to its codec alone: nothing else of it has one, and most payloads come with a new one."""

    def with_context(self, context: SerializationContext) -> Self:
        """As always, without making every converter anew."""
        one, codec = copy(self), self.payload_codec
        object.__setattr__(one, "payload_codec", codec.with_context(context) if isinstance(codec, CaseCodec) else codec)
        return one


def data_converter(keys: KeyStore, root: Derives) -> DataConverter:
    """What client, worker and replayer must all use: pydantic models, encrypted; texts of failures too."""
    return CaseConverter(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=CaseCodec(PayloadKeys(keys, root)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
