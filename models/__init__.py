"""What the device can see and hear: model files, networks, the workers' loops. Knows nothing of the agent."""

import os

# onnxruntime 1.29 and later reports every model it loads to its maker unless this stands before its import
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# a thread of the recogniser that waits for another must not burn the core which that other one needs
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
