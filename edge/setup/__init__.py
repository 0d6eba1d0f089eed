"""`motcua setup`: the technician's wizard. What is plugged in, what it is for, and a configuration that passes its check.

`edge.cli_setup` starts `wizard`; nothing else calls this room.
"""
