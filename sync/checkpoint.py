"""What is signed, byte for byte: checkpoints, pruned stretches and the city's receipts. Pure; anybody may verify."""

from datetime import UTC, datetime

from sync.chain import Head
from sync.events import LedgerCheckpoint
from sync.keys import DeviceKey, is_signed


def make_checkpoint(key: DeviceKey, source: str, boot: str, head: Head) -> LedgerCheckpoint:
    """Sign that this device, in this boot, stood at `head`."""
    signature = key.sign(_checkpoint_message(source, boot, head))
    return LedgerCheckpoint(boot=boot, upto=head.seq, head=head.hash, key=key.public, signature=signature)


def is_checkpoint_signed(checkpoint: LedgerCheckpoint, source: str, public: str) -> bool:
    """Whether the device with the key `public` made this checkpoint."""
    head = Head(checkpoint.upto, checkpoint.head)
    return checkpoint.key == public and is_signed(
        public, _checkpoint_message(source, checkpoint.boot, head), checkpoint.signature
    )


def pruned_message(source: str, before: Head, after: Head) -> bytes:
    """What a device signs when it deletes the events behind `before` up to and including `after`."""
    return f"motcua pruned v1\n{source}\n{before.seq} {before.hash}\n{after.seq} {after.hash}\n".encode()


def receipt_message(source: str, head: Head, at: datetime | None = None) -> bytes:
    """What a city signs when it holds everything up to `head`; with `at`, also that its clock said so."""
    said = f"{at.astimezone(UTC).isoformat(timespec='milliseconds')}\n" if at else ""
    return f"motcua receipt v1\n{source}\n{head.seq} {head.hash}\n{said}".encode()


def _checkpoint_message(source: str, boot: str, head: Head) -> bytes:
    return f"motcua checkpoint v1\n{source}\n{boot}\n{head.seq} {head.hash}\n".encode()
