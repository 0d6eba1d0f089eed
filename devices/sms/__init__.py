"""SMS transports: smstools spool, HTTP gateway, and the simulated modem and phones."""
