"""The families by the names that a configuration uses."""

from collections.abc import Mapping

from devices.lock_board.codec import Codec
from devices.lock_board.kerong import KerongCodec
from devices.lock_board.kerong48 import Kerong48Codec
from devices.lock_board.wkly import WklyCodec
from devices.lock_board.xor8a import Xor8aCodec

_PURE: tuple[Codec, ...] = (Xor8aCodec(), KerongCodec(), Kerong48Codec(), WklyCodec())
_BY_NAME: Mapping[str, Codec] = {codec.name: codec for codec in _PURE}
FAMILIES = (*_BY_NAME, "modbus")


def codec_of(family: str) -> Codec:
    """Raise KeyError for a family that is not in FAMILIES. pymodbus is loaded only where it is used."""
    if family == "modbus":
        from devices.lock_board.modbus import ModbusCodec  # noqa: PLC0415

        return ModbusCodec()
    return _BY_NAME[family]
