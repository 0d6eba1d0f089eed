"""The root of every failure a driver reports; each subclass says what the caller does next.

Anybody may catch these; only `devices` raises them.
"""


class DeviceError(Exception):
    """A device, or the way to it, failed."""
